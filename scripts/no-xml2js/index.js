// Takes the place of xml2js. dbus-next reads introspection XML with it, which the command never asks for; only this
// constructor is called when a bus is opened.
exports.Builder = class {};
