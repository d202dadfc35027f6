package conf

// ThreadPool is a pool of threads that the configuration names. Here it is a name
// only.
type ThreadPool struct {
	Defined bool   // by its own directive; it may be used before
	at      string // where it was named first
}

// DefaultThreadPool is the name of the pool that needs no definition.
const DefaultThreadPool = "default"

// ThreadPool returns the pool called name, which c may be the first to name. One
// that is used and nowhere defined is an error in the end.
func (c *Cmd) ThreadPool(name string) *ThreadPool {
	l := c.Loader
	if l.pools == nil {
		l.pools = map[string]*ThreadPool{}
	}
	p := l.pools[name]
	if p == nil {
		p = &ThreadPool{at: c.At()}
		l.pools[name] = p
		l.AfterSyntax(func() error {
			if p.Defined || name == DefaultThreadPool {
				return nil
			}
			return plain(`unknown thread pool "` + name + `"` + p.at)
		})
	}
	return p
}
