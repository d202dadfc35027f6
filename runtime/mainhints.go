package runtime

import (
	goruntime "runtime"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

const whyPoller = "connections wait in the runtime's own poller"

// addMainHints adds the directives of the main and events levels that have no
// effect here.
func addMainHints(m *conf.Module, s *conf.Section[MainConf]) {
	m.Hint("accept_mutex", whyPoller, conf.CheckFlag)
	m.Hint("accept_mutex_delay", whyPoller, conf.CheckMsec)
	m.Hint("use", whyPoller, checkUse)
	m.Hint("multi_accept", whyPoller, conf.CheckFlag)
	m.Hint("worker_aio_requests", whyPoller, conf.CheckNumber)
	m.Hint("worker_cpu_affinity", "threads are scheduled by the runtime", func(c *conf.Cmd) error {
		return checkAffinity(c, &s.Write(c.Loader.Main).masks)
	})
	m.Hint("timer_resolution", "time is read when needed", conf.CheckMsec)
	m.Hint("lock_file", whyPoller, conf.CheckNothing)
	m.Hint("debug_points", "there are no debug points", conf.CheckWord("stop", "abort"))
	m.Hint("pcre_jit", "regular expressions are compiled by the built-in engine", conf.CheckFlag)
	m.Hint("thread_pool", conf.WhyFile, checkThreadPool)
	m.Hint("ssl_engine", "TLS is crypto/tls", conf.CheckNothing)
}

// checkUse knows the event method that nginx has on this system.
func checkUse(c *conf.Cmd) error {
	method := "kqueue"
	if goruntime.GOOS == "linux" {
		method = "epoll"
	}
	if c.Arg(0) != method {
		return c.Errorf(`invalid event type "%s"`, c.Arg(0))
	}
	return nil
}

// maxCPUs is the number of processors that a mask can name.
const maxCPUs = 1024

// checkAffinity reads worker_cpu_affinity; n takes the number of masks, if they are
// not left to nginx.
func checkAffinity(c *conf.Cmd, n *int) error {
	masks := c.Values()
	if masks[0] == "auto" {
		if len(masks) > 2 {
			return c.Errorf(`invalid number of arguments in "worker_cpu_affinity" directive`)
		}
		masks = masks[1:]
	} else {
		*n = len(masks)
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

func checkThreadPool(c *conf.Cmd) error {
	p := c.ThreadPool(c.Arg(0))
	if p.Defined {
		return c.Errorf(`duplicate thread pool "%s"`, c.Arg(0))
	}
	for _, a := range c.Args[1:] {
		if v, ok := strings.CutPrefix(a.Value, "threads="); ok {
			n, ok := conf.ParseInt(v)
			if !ok || n == 0 {
				return c.Errorf(`invalid threads value "%s"`, a.Value)
			}
			p.Defined = true
		} else if v, ok := strings.CutPrefix(a.Value, "max_queue="); ok {
			if _, ok := conf.ParseInt(v); !ok {
				return c.Errorf(`invalid max_queue value "%s"`, a.Value)
			}
		}
	}
	if !p.Defined {
		return c.Errorf(`"%s" must have "threads" parameter`, c.Name.Value)
	}
	return nil
}
