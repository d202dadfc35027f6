package conf

import "runtime"

// Checks of the form of a directive that has no effect, see [Module.Hint]. A
// configuration that nginx refuses is refused here, whatever the directive does.

// CheckNumber is for a number.
func CheckNumber(c *Cmd) error {
	if _, ok := ParseInt(c.Arg(0)); !ok {
		return c.Bad("invalid number")
	}
	return nil
}

// CheckSize is for a number of bytes.
func CheckSize(c *Cmd) error {
	if _, ok := ParseSize(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	return nil
}

// CheckMsec is for a time.
func CheckMsec(c *Cmd) error {
	if _, ok := ParseMsec(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	return nil
}

// CheckFlag is for on or off.
func CheckFlag(c *Cmd) error {
	_, err := c.Flag()
	return err
}

// CheckWord is for one of some words.
func CheckWord(words ...string) func(*Cmd) error {
	return func(c *Cmd) error {
		for _, w := range words {
			if equalFold(c.Arg(0), w) {
				return nil
			}
		}
		return c.Errorf(`invalid value "%s"`, c.Arg(0))
	}
}

// CheckBuffers is for a number and a size of buffers.
func CheckBuffers(c *Cmd) error {
	n, ok := ParseInt(c.Arg(0))
	s, ok2 := ParseSize(c.Arg(1))
	if !ok || !ok2 || n == 0 || s == 0 {
		return c.Bad("invalid value")
	}
	return nil
}

// CheckNothing is for what nginx takes in any form.
func CheckNothing(*Cmd) error { return nil }

// The bounds of nginx's memory pools on a 64-bit system.
const (
	minPool   = 112
	poolAlign = 16
)

// CheckPoolSize is for the size of one of nginx's memory pools.
func CheckPoolSize(c *Cmd) error {
	_, err := c.PoolSize()
	return err
}

// PoolSize reads the first argument as the size in bytes of one of nginx's
// memory pools.
func (c *Cmd) PoolSize() (int64, error) {
	n, ok := ParseSize(c.Arg(0))
	switch {
	case !ok:
		return 0, c.Bad("invalid value")
	case n < minPool:
		return 0, c.Errorf("the pool size must be no less than %d", minPool)
	case n%poolAlign != 0:
		return 0, c.Errorf("the pool size must be a multiple of %d", poolAlign)
	}
	return n, nil
}

// SendLowat reads send_lowat or its like, which only FreeBSD has a meaning for.
func (c *Cmd) SendLowat() error {
	if _, ok := ParseSize(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	if runtime.GOOS != "freebsd" {
		c.Warnf(`"%s" is not supported, ignored`, c.Name.Value)
	}
	return nil
}
