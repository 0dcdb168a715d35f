// Takes the place of event-stream. dbus-next asks for it before it starts the program of a unixexec: address.
throw new Error('unixexec: addresses are not supported');
