package runtime

import (
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// autoWorkers is the value of Workers for `worker_processes auto`.
const autoWorkers = 0

// MainConf are the settings outside of http, stream and mail: ngx_core_module
// and ngx_events_module.
type MainConf struct {
	Daemon          bool
	MasterProcess   bool
	PID             string // path of the pid file
	User            process.User
	Workers         int   // worker_processes: threads that run at once, autoWorkers: as many as there are processors
	Connections     int   // worker_connections
	Nofile          int64 // worker_rlimit_nofile, -1: not set
	CoreSize        int64 // worker_rlimit_core in bytes, -1: not set
	Priority        int
	ShutdownTimeout int64             // ms, 0: none
	Directory       string            // working_directory of a worker, "" leaves it
	Env             conf.List[string] // names, or name=value

	DebugConnections netaddr.AddrSet // whose connections log everything

	masks   int // how many masks worker_cpu_affinity gives, 0 with auto
	logs    conf.List[errlog.Output]
	events  bool
	modules []string // of load_module, those that are built in
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
	m.Directive("worker_connections", func(cmd *conf.Cmd) error {
		n, ok := conf.ParseInt(cmd.Arg(0))
		if !ok {
			return cmd.Errorf(`invalid number "%s"`, cmd.Arg(0))
		}
		s.Write(l.Main).Connections = n
		return nil
	})
	m.Directive("debug_connection", func(cmd *conf.Cmd) error {
		return debugConnection(cmd, &s.Write(l.Main).DebugConnections)
	})
	addMainHints(m, s)
	l.Module("ngx_epoll_module").Hint("epoll_events", whyPoller, conf.CheckNumber)
	return s
}

func bindMain(c *MainConf, t *conf.Table, openLog func(*conf.Cmd) (errlog.Output, error)) {
	t.Flag("daemon", &c.Daemon)
	t.Flag("master_process", &c.MasterProcess)
	t.Func("pid", func(cmd *conf.Cmd) error {
		if cmd.Arg(0) != "" { // else the default, as without the directive
			c.PID = cmd.Loader.FullPath(cmd.Arg(0))
		}
		return nil
	})
	t.Func("user", c.setUser)
	t.Func("worker_processes", c.setWorkers)
	t.Func("worker_rlimit_nofile", func(cmd *conf.Cmd) error {
		n, ok := conf.ParseInt(cmd.Arg(0))
		if !ok {
			return cmd.Bad("invalid number")
		}
		c.Nofile = int64(n)
		return nil
	})
	t.Offset("worker_rlimit_core", &c.CoreSize)
	t.Func("worker_priority", c.setPriority)
	t.Str("working_directory", &c.Directory)
	t.Strs("env", &c.Env)
	t.Msec("worker_shutdown_timeout", &c.ShutdownTimeout)
	t.Func("error_log", func(cmd *conf.Cmd) error {
		out, err := openLog(cmd)
		if err == nil {
			c.logs.Add(cmd.Block, out)
		}
		return err
	})
	t.Func("load_module", c.loadModule)
}

func (c *MainConf) setWorkers(cmd *conf.Cmd) error {
	if cmd.Arg(0) == "auto" {
		c.Workers = autoWorkers
		return nil
	}
	n, ok := conf.ParseInt(cmd.Arg(0))
	if !ok {
		return cmd.Bad("invalid value")
	}
	c.Workers = max(n, 1)
	return nil
}

func (c *MainConf) setPriority(cmd *conf.Cmd) error {
	text, minus := strings.CutPrefix(cmd.Arg(0), "-")
	if !minus {
		text = strings.TrimPrefix(text, "+")
	}
	n, ok := conf.ParseInt(text)
	if !ok {
		return cmd.Bad("invalid number")
	}
	if c.Priority = n; minus {
		c.Priority = -n
	}
	return nil
}

func (c *MainConf) setUser(cmd *conf.Cmd) error {
	if os.Geteuid() != 0 {
		cmd.Forget() // nginx looks no further, and warns as often as it stands there
		cmd.Warnf(`the "user" directive makes sense only if the master process runs with super-user privileges, ignored`)
		return nil
	}
	u, err := process.LookupUser(cmd.Arg(0), cmd.Arg(1))
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	c.User = u
	return nil
}

// setDefaultUser is for a configuration without user directive that the
// super-user loads.
func (c *MainConf) setDefaultUser() error {
	if c.User.Name != "" || os.Geteuid() != 0 {
		return nil
	}
	u, err := process.DefaultUser()
	c.User = u
	return err
}
