//go:build unix && !linux

package process

import "golang.org/x/sys/unix"

// EventMethod is what connections wait in, by nginx's name.
const EventMethod = "kqueue"

func dup(from, to int) error { return unix.Dup2(from, to) }
