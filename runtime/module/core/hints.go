package core

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// addHints adds the directives that have no effect here.
func addHints(m *conf.Module) {
	m.Hint("aio", conf.WhyFile, checkAIO)
	m.Hint("aio_write", conf.WhyFile, conf.CheckFlag)
	m.Hint("directio", conf.WhyFile, checkDirectIO)
	m.Hint("directio_alignment", conf.WhyFile, conf.CheckSize)
	m.Hint("read_ahead", conf.WhyFile, conf.CheckSize)
	m.Hint("request_pool_size", conf.WhyPool, conf.CheckPoolSize)
	m.Hint("output_buffers", conf.WhyPool, conf.CheckBuffers)
	m.Hint("client_body_in_single_buffer", "a buffered body is always in one buffer", conf.CheckFlag)
	m.Hint("send_lowat", "Linux has no SO_SNDLOWAT", (*conf.Cmd).SendLowat)
	for _, table := range []string{"server_names", "types", "variables"} {
		m.HashHints(table)
	}
	m.Hint("open_file_cache_events", "the cache validates by stat", conf.CheckFlag)
}

func checkDirectIO(c *conf.Cmd) error {
	if _, ok := conf.ParseOffset(c.Arg(0)); !ok && c.Arg(0) != "off" {
		return c.Bad("invalid value")
	}
	return nil
}

// checkAIO takes what some system's nginx takes; `aio on` is refused by one on
// Linux unless it was built for it, as the packages are not.
func checkAIO(c *conf.Cmd) error {
	name, named := strings.CutPrefix(c.Arg(0), "threads=")
	switch {
	case c.Arg(0) == "off" || c.Arg(0) == "on":
	case c.Arg(0) == "threads":
		c.ThreadPool(conf.DefaultThreadPool)
	case named && !strings.Contains(name, "$"):
		c.ThreadPool(name)
	case named:
		// With variables, the pool is known when a request is there.
	default:
		return c.Bad("invalid value")
	}
	return nil
}
