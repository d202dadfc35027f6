package conf

import (
	"runtime"
	"strings"
)

// What nginx checks about the directives in hints.go. A configuration that it
// refuses is refused here, whatever the directive does.

func number(c *Cmd) error {
	if _, ok := ParseInt(c.Arg(0)); !ok {
		return c.Bad("invalid number")
	}
	return nil
}

func size(c *Cmd) error {
	if _, ok := ParseSize(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	return nil
}

func msec(c *Cmd) error {
	if _, ok := ParseMsec(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	return nil
}

func flag(c *Cmd) error {
	_, err := c.Flag()
	return err
}

func bufs(c *Cmd) error {
	n, ok := ParseInt(c.Arg(0))
	s, ok2 := ParseSize(c.Arg(1))
	if !ok || !ok2 || n == 0 || s == 0 {
		return c.Bad("invalid value")
	}
	return nil
}

func nothing(*Cmd) error { return nil }

// checkUse knows the event methods that nginx has on this system.
func checkUse(c *Cmd) error {
	methods := " kqueue "
	if runtime.GOOS == "linux" {
		methods = " epoll "
	}
	if !contains(methods, c.Arg(0)) {
		return c.Errorf(`invalid event type "%s"`, c.Arg(0))
	}
	return nil
}

func debugPoints(c *Cmd) error {
	if v := c.Arg(0); !equalFold(v, "stop") && !equalFold(v, "abort") {
		return c.Errorf(`invalid value "%s"`, v)
	}
	return nil
}

// The bounds of nginx's memory pools on a 64-bit system.
const (
	minPool   = 112
	poolAlign = 16
)

func poolSize(c *Cmd) error {
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

func checkDirectIO(c *Cmd) error {
	if _, ok := ParseOffset(c.Arg(0)); !ok && c.Arg(0) != "off" {
		return c.Bad("invalid value")
	}
	return nil
}

// maxCPUs is the number of processors that a mask can name.
const maxCPUs = 1024

func checkAffinity(c *Cmd) error {
	masks := c.Values()
	if masks[0] == "auto" {
		if len(masks) > 2 {
			return c.Errorf(`invalid number of arguments in "worker_cpu_affinity" directive`)
		}
		masks = masks[1:]
	} else {
		c.Loader.CPUMasks = len(masks)
	}
	for _, mask := range masks {
		if len(mask) > maxCPUs {
			return c.Errorf(`"worker_cpu_affinity" supports up to %d CPUs only`, maxCPUs)
		}
		if i := strings.LastIndexFunc(mask, func(r rune) bool { return r != '0' && r != '1' && r != ' ' }); i >= 0 {
			return c.Errorf(`invalid character "%s" in "worker_cpu_affinity"`, mask[i:i+1])
		}
	}
	return nil
}

// pool is a thread pool that was named, by thread_pool or first by aio.
type pool struct {
	defined bool
	at      string // where it was named first
}

// pool returns the pool called name, which c may be the first to name.
func (l *Loader) pool(c *Cmd, name string) *pool {
	if l.pools == nil {
		l.pools = map[string]*pool{}
	}
	p := l.pools[name]
	if p == nil {
		p = &pool{at: c.At()}
		l.pools[name] = p
		l.AfterSyntax(func() error {
			if p.defined || name == "default" {
				return nil
			}
			return plain(`unknown thread pool "` + name + `"` + p.at)
		})
	}
	return p
}

func checkThreadPool(c *Cmd) error {
	p := c.Loader.pool(c, c.Arg(0))
	if p.defined {
		return c.Errorf(`duplicate thread pool "%s"`, c.Arg(0))
	}
	for _, a := range c.Args[1:] {
		if v, ok := strings.CutPrefix(a.Value, "threads="); ok {
			n, ok := ParseInt(v)
			if !ok || n == 0 {
				return c.Errorf(`invalid threads value "%s"`, a.Value)
			}
			p.defined = true
		} else if v, ok := strings.CutPrefix(a.Value, "max_queue="); ok {
			if _, ok := ParseInt(v); !ok {
				return c.Errorf(`invalid max_queue value "%s"`, a.Value)
			}
		}
	}
	if !p.defined {
		return c.Errorf(`"%s" must have "threads" parameter`, c.Name.Value)
	}
	return nil
}

// checkAIO takes what some system's nginx takes; `aio on` is refused by one on
// Linux unless it was built for it, as the packages are not.
func checkAIO(c *Cmd) error {
	name, named := strings.CutPrefix(c.Arg(0), "threads=")
	switch {
	case c.Arg(0) == "off" || c.Arg(0) == "on":
	case c.Arg(0) == "threads":
		c.Loader.pool(c, "default")
	case named && !strings.Contains(name, "$"):
		c.Loader.pool(c, name)
	case named:
		// With variables, the pool is known when a request is there.
	default:
		return c.Bad("invalid value")
	}
	return nil
}
