package upstream

import "strconv"

// AppendLine appends the server as a line of a configuration, as the file of state has it.
// What has its default is left out.
func (s *Server) AppendLine(dst []byte) []byte {
	dst = append(append(dst, "server "...), s.Name...)
	number := func(name string, n, usual int64, unit string) {
		if n != usual {
			dst = strconv.AppendInt(append(append(append(dst, ' '), name...), '='), n, 10)
			dst = append(dst, unit...)
		}
	}
	word := func(name string, on bool) {
		if on {
			dst = append(append(dst, ' '), name...)
		}
	}
	number("weight", int64(s.Weight), 1, "")
	number("max_conns", int64(s.MaxConns), 0, "")
	number("max_fails", int64(s.MaxFails), 1, "")
	number("fail_timeout", s.FailTimeout, 10, "s")
	number("slow_start", s.SlowStart, 0, "ms")
	word("route="+s.Route, s.Route != "")
	word("backup", s.Backup)
	word("down", s.Down)
	word("drain", s.Drain)
	word("service="+s.Service, s.Service != "")
	word("resolve", s.Host != "")
	return append(dst, ";\n"...)
}

// AppendState appends the servers of the group as the lines of a configuration: what
// the file of state has to hold. Addresses that come from names are left out.
func (g *Group) AppendState(dst []byte) []byte {
	for _, s := range g.Servers() {
		if s.Parent < 0 {
			dst = s.AppendLine(dst)
		}
	}
	return dst
}
