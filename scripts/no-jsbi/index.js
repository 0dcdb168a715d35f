// Takes the place of jsbi. dbus-next has big integers by it on a Node that has none, or where it is asked for that.
