package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A Lab is where cases run: two programs, a folder, certificates and a source of ports.
type Lab struct {
	Binaries
	Dir   string
	Certs string
	Ports *Ports
}

// NewLab finds the programs and prepares a folder, which Close removes.
func NewLab(ctx context.Context) (*Lab, error) {
	dir, err := os.MkdirTemp("", "sluice-")
	if err != nil {
		return nil, err
	}
	lab := &Lab{Dir: dir, Certs: filepath.Join(dir, "certs"), Ports: NewPorts()}
	b, err := FindBinaries(ctx, dir)
	// The servers may run as another user, who must get at the folder.
	if err = errors.Join(err, os.Chmod(dir, 0o755), Certificates(lab.Certs)); err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	lab.Binaries = *b
	return lab, nil
}

// Close removes the lab's folder.
func (l *Lab) Close() error { return os.RemoveAll(l.Dir) }

// A Finding is what one request of a case, or one of its logs, showed.
type Finding struct {
	// Name is the request's, or the log's.
	Name string
	// Oracle and Tested are the two transcripts.
	Oracle, Tested Transcript
}

// side is one of the two servers of a case.
type side struct {
	norm
	name    string
	binary  string
	dir     string
	listen  []int // ports of the server
	other   []int // ports of the upstreams, then the dead one
	certs   string
	subst   func(string) string
	results []Transcript
}

// Run plays a case on both servers and returns what came of every request, then the logs. An error is a server that does
// not start or not stop, never a difference.
func (l *Lab) Run(ctx context.Context, c *Case) ([]Finding, error) {
	// Names of the same length, so that nothing that is made of the folder's name changes its length.
	oracle, err := l.side(c, "oracle", l.Oracle)
	if err != nil {
		return nil, err
	}
	tested, err := l.side(c, "tested", l.Tested)
	if err != nil {
		return nil, err
	}
	var wait sync.WaitGroup
	var errs [2]error
	var logs [2]map[string]Transcript
	for i, s := range []*side{oracle, tested} {
		wait.Go(func() { logs[i], errs[i] = s.run(ctx, c) })
	}
	wait.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	var found []Finding
	for i, r := range c.Requests {
		found = append(found, Finding{r.Name, oracle.results[i], tested.results[i]})
	}
	for name, o := range logs[0] {
		found = append(found, Finding{name, o, logs[1][name]})
	}
	for name, t := range logs[1] {
		if _, ok := logs[0][name]; !ok {
			found = append(found, Finding{name, nil, t})
		}
	}
	return found, nil
}

var portMark = regexp.MustCompile(`%%(ADDR|PORT)(?:_([0-9]+))?%%`)

// side prepares one of the two servers: folder, ports and what they are called in texts.
func (l *Lab) side(c *Case, name, binary string) (*side, error) {
	s := &side{name: name, binary: binary, dir: filepath.Join(l.Dir, c.Name, name), certs: l.Certs}
	count := 1
	for _, m := range portMark.FindAllStringSubmatch(c.Conf, -1) {
		n, _ := strconv.Atoi(m[2])
		count = max(count, n)
	}
	var err error
	if s.listen, err = l.Ports.Take(count); err != nil {
		return nil, err
	}
	if s.other, err = l.Ports.Take(3); err != nil {
		return nil, err
	}
	fill := []string{"%%TESTDIR%%", s.dir}
	hide := []string{s.dir, "%%TESTDIR%%"}
	for i, port := range s.listen {
		suffix := ""
		if i > 0 {
			suffix = "_" + strconv.Itoa(i+1)
		}
		fill = append(fill, "%%PORT"+suffix+"%%", strconv.Itoa(port), "%%ADDR"+suffix+"%%", Addr(port))
		hide = append(hide, strconv.Itoa(port), "%%PORT"+suffix+"%%")
	}
	for i, mark := range []string{"UPSTREAM", "UPSTREAM_2", "DEAD"} {
		fill = append(fill, "%%"+mark+"%%", Addr(s.other[i]))
		hide = append(hide, Addr(s.other[i]), "%%"+mark+"%%")
	}
	s.subst = strings.NewReplacer(fill...).Replace
	s.replace = strings.NewReplacer(hide...)
	s.absoluteExpires = len(c.settings["expires"]) > 0
	return s, nil
}

// run starts the upstreams and the server, plays all requests, stops, and reads the logs.
func (s *side) run(ctx context.Context, c *Case) (map[string]Transcript, error) {
	for i, replies := range c.upstreams {
		u, err := newUpstream(Addr(s.other[i]), replies, s.subst)
		if err != nil {
			return nil, err
		}
		defer u.Close()
	}
	if err := errors.Join(c.Lay(s.dir, s.subst), copyDir(filepath.Join(s.dir, "certs"), s.certs)); err != nil {
		return nil, err
	}
	var addrs []string
	for i, port := range s.listen {
		if strings.Contains(c.Conf, "%%ADDR"+suffixOf(i)) || strings.Contains(c.Conf, "%%PORT"+suffixOf(i)) {
			addrs = append(addrs, Addr(port))
		}
	}
	srv, err := Start(ctx, s.binary, s.dir, addrs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	err = s.play(ctx, c)
	if err = errors.Join(err, srv.Stop()); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return s.logs(c)
}

func suffixOf(i int) string {
	if i == 0 {
		return "%%"
	}
	return "_" + strconv.Itoa(i+1) + "%%"
}

func (s *side) play(ctx context.Context, c *Case) error {
	for i := range c.Requests {
		r := &c.Requests[i]
		if r.Port > len(s.listen) {
			return fmt.Errorf("%s: the configuration has no port %d", r.Name, r.Port)
		}
		ex, err := Do(ctx, Addr(s.listen[r.Port-1]), r, s.subst, s.certs)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		s.results = append(s.results, s.transcript(ex))
	}
	return nil
}

func (s *side) logs(c *Case) (map[string]Transcript, error) {
	logs, err := s.accessLogs(s.dir)
	if err != nil {
		return nil, err
	}
	if len(c.settings["skip-access-log"]) > 0 {
		delete(logs, "access.log")
	}
	if len(c.errorLog) > 0 {
		if logs["error.log"], err = s.norm.errorLog(s.dir, c.errorLog); err != nil {
			return nil, err
		}
	}
	return logs, nil
}
