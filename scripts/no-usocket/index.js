// Takes the place of usocket, which is compiled when it is installed. dbus-next asks for it first, and where it throws
// uses Node's own sockets; only those of the abstract namespace it can't do without.
throw new Error('abstract sockets are not supported');
