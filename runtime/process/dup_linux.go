package process

import "golang.org/x/sys/unix"

// EventMethod is what connections wait in, by nginx's name.
const EventMethod = "epoll"

func dup(from, to int) error { return unix.Dup3(from, to, 0) }
