package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sluiceproxy/sluice/internal/testport"
)

// A Lab is where cases run: two programs, a folder, certificates and a source of ports.
type Lab struct {
	Binaries
	Dir   string
	Certs string
	Ports *testport.Ports
}

// NewLab finds the programs and prepares a folder, which Close removes.
func NewLab(ctx context.Context) (*Lab, error) {
	dir, err := os.MkdirTemp("", "sluice-")
	if err != nil {
		return nil, err
	}
	lab := &Lab{Dir: dir, Certs: filepath.Join(dir, "certs"), Ports: testport.New()}
	b, err := FindBinaries(ctx, dir)
	// The servers may run as another user, who must get at the folder.
	if err = errors.Join(err, os.Chmod(dir, 0o755), Certificates(lab.Certs)); err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	lab.Binaries = *b
	return lab, nil
}

// Close ends the servers that still run in the lab's folder, which is an error, and removes the folder.
func (l *Lab) Close() error { return errors.Join(killLeft(l.Dir), os.RemoveAll(l.Dir)) }

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
	apps    []*Upstream
	certs   string
	temp    string // for TempPathsFile
	subst   func(string) string
	srv     *Server
	results []result
}

// timedRuns is how often a case is played at most in which times differ: other programs run on the machine, too.
const timedRuns = 12

// Run plays a case on both servers and returns what came of every request, then the logs. An error is a server that does
// not start or not stop, never a difference. Where times differ it plays the case again, until every request has had the
// same times once: that run is the one that counts for it.
func (l *Lab) Run(ctx context.Context, c *Case) (found []Finding, err error) {
	for range timedRuns {
		again, err := l.run(ctx, c)
		if err != nil || !c.timed() {
			return again, err
		}
		if found = better(found, again); inTime(found) {
			break
		}
		if err := os.RemoveAll(filepath.Join(l.Dir, c.Name)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (l *Lab) run(ctx context.Context, c *Case) ([]Finding, error) {
	// Names of the same length, so that nothing that is made of the folder's name changes its length.
	oracle, err := l.side(c, "expect", l.Oracle)
	if err != nil {
		return nil, err
	}
	defer oracle.close()
	tested, err := l.side(c, "tested", l.Tested)
	if err != nil {
		return nil, err
	}
	defer tested.close()
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
	return findings(c, oracle.results, tested.results, logs), nil
}

// A Running is the server under test with a case's configuration and applications, for tests that drive it themselves.
type Running struct{ side *side }

// Serve starts binary as Run would, and leaves it running. Stop it.
func (l *Lab) Serve(ctx context.Context, c *Case, binary string) (*Running, error) {
	s, err := l.side(c, "tested", binary)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, c); err != nil {
		s.close()
		return nil, err
	}
	return &Running{s}, nil
}

// Addr returns the address in %%ADDR_n%%, 1 for %%ADDR%%.
func (r *Running) Addr(n int) string { return testport.Addr(r.side.listen[n-1]) }

// Dir returns the folder in %%TESTDIR%%.
func (r *Running) Dir() string { return r.side.dir }

// Pid returns the process that was started.
func (r *Running) Pid() int { return r.side.srv.Pid() }

// Do plays one request.
func (r *Running) Do(ctx context.Context, req *Request) (*Exchange, error) {
	return Do(ctx, r.Addr(req.Port), req, r.side.subst, r.side.certs)
}

// Sends returns what the client of a request sends at first.
func (r *Running) Sends(req *Request) []byte {
	if len(req.Parts) == 0 {
		return nil
	}
	return wire(r.side.subst(req.Parts[0].Text))
}

// Transcript writes an exchange down as Run does.
func (r *Running) Transcript(ex *Exchange) Transcript { return r.side.transcript(ex) }

// Logs returns the logs of a server that has ended, as Run does: those lines of the error log that a case asks for.
func (r *Running) Logs(c *Case) (map[string]Transcript, error) { return r.side.logs(c) }

// Subst fills in the placeholders of a text, such as the addresses of the applications.
func (r *Running) Subst(text string) string { return r.side.subst(text) }

// Terminate is Stop with SIGTERM: the server does not wait for its clients.
func (r *Running) Terminate() error {
	err := r.side.srv.Terminate()
	r.side.close()
	return err
}

// Wait waits for the end of a server that was told to go, then ends its applications.
func (r *Running) Wait() error {
	err := r.side.srv.Wait()
	r.side.close()
	return err
}

// Stop ends the server, then its applications.
func (r *Running) Stop() error {
	err := r.side.srv.Stop()
	r.side.close()
	return err
}

// result is what one request brought on one side.
type result struct {
	Transcript
	chunks int // that the longest body came in
	page   int // bytes of the server's own pages, which depend on its name
}

// findings puts the results of the two sides together.
func findings(c *Case, oracle, tested []result, logs [2]map[string]Transcript) []Finding {
	var found []Finding
	var differ []string // request lines
	for i, r := range c.Requests {
		o, t := oracle[i], tested[i]
		found = append(found, Finding{r.Name, o.Transcript, t.Transcript})
		if !slices.Equal(o.Transcript, t.Transcript) || o.chunks > 1 || t.chunks > 1 || o.page != t.page {
			differ = append(differ, r.lines()...)
		}
	}
	// A response that differs has another status or length in the log, too. That is no second difference. And the length
	// counts the framing of chunks: where they end depends on how the bytes arrive.
	for i := range logs {
		logs[i][providedLog] = slices.DeleteFunc(logs[i][providedLog], func(line string) bool {
			return slices.ContainsFunc(differ, func(request string) bool { return strings.Contains(line, `"`+request+`"`) })
		})
	}
	for _, name := range slices.Sorted(maps.Keys(logs[0])) {
		found = append(found, Finding{name, logs[0][name], logs[1][name]})
	}
	for _, name := range slices.Sorted(maps.Keys(logs[1])) {
		if _, ok := logs[0][name]; !ok {
			found = append(found, Finding{name, nil, logs[1][name]})
		}
	}
	return found
}

// providedLog is the access log that confHead switches on.
const providedLog = "access.log"

var portMark = regexp.MustCompile(`%%(ADDR|PORT)(?:_([0-9]+))?%%`)

// side prepares one of the two servers: folder, ports and what they are called in texts.
func (l *Lab) side(c *Case, name, binary string) (*side, error) {
	s := &side{name: name, binary: binary, dir: filepath.Join(l.Dir, c.Name, name), certs: l.Certs, temp: l.TempPaths[binary]}
	count := 1
	for _, m := range portMark.FindAllStringSubmatch(c.Conf, -1) {
		n, _ := strconv.Atoi(m[2])
		count = max(count, n)
	}
	var err error
	if s.listen, err = l.Ports.Take(count); err != nil {
		return nil, err
	}
	product := "nginx"
	if binary == l.Tested && !l.TestedIsNginx() {
		product = "sluice"
	}
	fill := []string{"%%TESTDIR%%", s.dir, "%%EVEN%%", strings.Repeat("=", len("even=sluice")-len(product))}
	hide := []string{s.dir, "%%TESTDIR%%"}
	s.ports = map[string]string{}
	for i, port := range s.listen {
		suffix := ""
		if i > 0 {
			suffix = "_" + strconv.Itoa(i+1)
		}
		fill = append(fill, "%%PORT"+suffix+"%%", strconv.Itoa(port), "%%ADDR"+suffix+"%%", testport.Addr(port))
		s.ports[strconv.Itoa(port)] = "%%PORT" + suffix + "%%"
	}
	dead, err := l.Ports.Take(1)
	if err != nil {
		return nil, err
	}
	others := dead
	var listeners []net.Listener
	for range c.upstreams {
		in, port, err := l.Ports.Listen()
		if err != nil {
			return nil, err
		}
		listeners, others = append(listeners, in), append(others, port)
	}
	for i, mark := range []string{"%%DEAD%%", "%%UPSTREAM%%", "%%UPSTREAM_2%%"} {
		fill = append(fill, mark, testport.Addr(others[i]))
		hide = append(hide, testport.Addr(others[i]), mark)
		s.ports[strconv.Itoa(others[i])] = mark + "port"
	}
	s.subst = strings.NewReplacer(fill...).Replace
	s.names = strings.NewReplacer(hide...)
	s.absoluteExpires = len(c.settings["expires"]) > 0
	for i, in := range listeners {
		s.apps = append(s.apps, newUpstream(in, c.protocol, c.upstreams[i], c.Apps[i], s.subst))
	}
	return s, nil
}

// close ends the side's applications.
func (s *side) close() {
	for _, app := range s.apps {
		app.Close()
	}
}

// run starts the server, plays all requests, stops, and reads the logs.
func (s *side) run(ctx context.Context, c *Case) (map[string]Transcript, error) {
	if err := s.start(ctx, c); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	err := s.play(ctx, c)
	if err = errors.Join(err, s.srv.Stop()); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return s.logs(c)
}

// start writes the files and starts the server.
func (s *side) start(ctx context.Context, c *Case) error {
	err := errors.Join(
		c.Lay(s.dir, s.subst),
		writeFile(filepath.Join(s.dir, TempPathsFile), []byte(s.temp)),
		os.CopyFS(filepath.Join(s.dir, "certs"), os.DirFS(s.certs)),
	)
	if err != nil {
		return err
	}
	var addrs []string
	for i, port := range s.listen {
		if strings.Contains(c.Conf, "%%ADDR"+suffixOf(i)) || strings.Contains(c.Conf, "%%PORT"+suffixOf(i)) {
			addrs = append(addrs, testport.Addr(port))
		}
	}
	launch := Start
	if c.Own {
		launch = StartOwn
	}
	s.srv, err = launch(ctx, s.binary, s.dir, addrs)
	return err
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
		ex, err := Do(ctx, testport.Addr(s.listen[r.Port-1]), r, s.subst, s.certs)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		res := result{Transcript: s.transcript(ex)}
		for _, r := range ex.Responses {
			res.chunks = max(res.chunks, r.chunks)
			if ownPage(r.Body) != "" {
				res.page += r.rawLen
			}
		}
		s.results = append(s.results, res)
	}
	return nil
}

func (s *side) logs(c *Case) (map[string]Transcript, error) {
	logs, err := s.accessLogs(s.dir)
	if err != nil {
		return nil, err
	}
	if len(c.errorLog) == 0 {
		return logs, nil
	}
	others, err := filepath.Glob(filepath.Join(s.dir, "logs", "error-*.log"))
	if err != nil {
		return nil, err
	}
	for _, path := range append(others, filepath.Join(s.dir, "logs", "error.log")) {
		if logs[filepath.Base(path)], err = s.errorLog(path, c.errorLog); err != nil {
			return nil, err
		}
	}
	return logs, nil
}
