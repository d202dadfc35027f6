package runtime

import (
	"os"
	"runtime"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// MainConf are the settings outside of http, stream and mail: ngx_core_module
// and ngx_events_module.
type MainConf struct {
	Daemon          bool
	MasterProcess   bool
	PID             string // path of the pid file
	User, Group     string
	Workers         int   // worker_processes: threads that run at once
	Connections     int   // worker_connections
	Nofile          int64 // worker_rlimit_nofile, -1: not set
	CoreSize        int64 // worker_rlimit_core, -1: not set
	Priority        int
	ShutdownTimeout int64 // ms, 0: none
	WorkingDir      string
	Env             []string // NAME or NAME=value

	logs     conf.List[errlog.Output]
	debugFor []string // debug_connection
	events   bool
}

func defaultMain() MainConf {
	return MainConf{Daemon: true, MasterProcess: true, Workers: 1, Connections: 512, Nofile: -1, CoreSize: -1}
}

// registerMain adds the directives of the main and events levels.
func registerMain(l *conf.Loader, openLog func(*conf.Cmd) (errlog.Output, error)) *conf.Section[MainConf] {
	m := l.Module("ngx_core_module")
	s := conf.NewSection(m, defaultMain(), func(c *MainConf, t *conf.Table) { bindMain(c, t, openLog) })
	m.Block("events", func(cmd *conf.Cmd) error {
		s.Write(l.Main).events = true
		cmd.Enter(cmd.Block.Child(conf.Events, cmd.Node))
		return nil
	})
	events := func(name string, fn func(c *MainConf, cmd *conf.Cmd) error) {
		m.Directive(name, func(cmd *conf.Cmd) error { return fn(s.Write(l.Main), cmd) })
	}
	events("worker_connections", func(c *MainConf, cmd *conf.Cmd) error {
		n, ok := conf.ParseInt(cmd.Arg(0))
		if !ok {
			return cmd.Errorf(`invalid number "%s"`, cmd.Arg(0))
		}
		c.Connections = n
		return nil
	})
	events("debug_connection", func(c *MainConf, cmd *conf.Cmd) error {
		c.debugFor = append(c.debugFor, cmd.Arg(0))
		return nil
	})
	return s
}

func bindMain(c *MainConf, t *conf.Table, openLog func(*conf.Cmd) (errlog.Output, error)) {
	t.Flag("daemon", &c.Daemon)
	t.Flag("master_process", &c.MasterProcess)
	t.Func("pid", func(cmd *conf.Cmd) error {
		c.PID = cmd.Loader.FullPath(cmd.Arg(0))
		return nil
	})
	t.Func("user", func(cmd *conf.Cmd) error { return c.setUser(cmd) })
	t.Func("worker_processes", func(cmd *conf.Cmd) error {
		if cmd.Arg(0) == "auto" {
			c.Workers = runtime.NumCPU()
			return nil
		}
		n, ok := conf.ParseInt(cmd.Arg(0))
		if !ok {
			return cmd.Bad("invalid value")
		}
		c.Workers = max(n, 1)
		return nil
	})
	t.Func("worker_rlimit_nofile", func(cmd *conf.Cmd) error {
		n, ok := conf.ParseInt(cmd.Arg(0))
		if !ok {
			return cmd.Bad("invalid number")
		}
		c.Nofile = int64(n)
		return nil
	})
	t.Offset("worker_rlimit_core", &c.CoreSize)
	t.Func("worker_priority", func(cmd *conf.Cmd) error {
		text, minus := strings.CutPrefix(cmd.Arg(0), "-")
		n, ok := conf.ParseInt(text)
		if !ok {
			return cmd.Bad("invalid number")
		}
		if c.Priority = n; minus {
			c.Priority = -n
		}
		return nil
	})
	t.Msec("worker_shutdown_timeout", &c.ShutdownTimeout)
	t.Str("working_directory", &c.WorkingDir)
	t.Func("env", func(cmd *conf.Cmd) error {
		c.Env = append(c.Env, cmd.Arg(0))
		return nil
	})
	t.Func("error_log", func(cmd *conf.Cmd) error {
		out, err := openLog(cmd)
		if err == nil {
			c.logs.Add(cmd.Block, out)
		}
		return err
	})
	t.Func("load_module", func(cmd *conf.Cmd) error {
		path := cmd.Loader.FullPath(cmd.Arg(0))
		return cmd.Errorf(`dlopen() "%s" failed (%s: cannot open shared object file: No such file or directory)`, path, path)
	})
}

func (c *MainConf) setUser(cmd *conf.Cmd) error {
	if os.Geteuid() != 0 {
		cmd.Warnf(`the "user" directive makes sense only if the master process runs with super-user privileges, ignored`)
		return nil
	}
	c.User, c.Group = cmd.Arg(0), cmd.Arg(0)
	if len(cmd.Args) > 1 {
		c.Group = cmd.Arg(1)
	}
	return nil
}
