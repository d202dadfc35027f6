package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A browser is a headless Chromium that is told what to do over a pipe, in the words of the DevTools protocol.
type browser struct {
	to       *os.File
	messages chan message
	last     int
	session  string
	// complaints is what a person would see in the console of the page.
	complaints []string
	loaded     bool
}

// message is an answer, which has the ID of its command, or an event, which has a method.
type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// browserLimit bounds a browser's life.
const browserLimit = 3 * time.Minute

// startBrowser starts a browser that ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := findBrowser(t)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), browserLimit)
	cmd := exec.CommandContext(ctx, program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--ignore-certificate-errors", "--user-data-dir="+t.TempDir())
	in, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{in, out} // 3 and 4, where the browser looks for them
	cmd.WaitDelay = 5 * time.Second
	// A browser is many processes; they end together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	_ = out.Close()
	b := &browser{to: to, messages: make(chan message)}
	go b.read(ctx, from)
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed, as it was told to be
		_ = to.Close()
		_ = from.Close()
	})
	return b
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no chromium to look at the welcome page with: run `apt-get install chromium` as root")
	return ""
}

// read hands on what the browser says, each message up to a zero byte.
func (b *browser) read(ctx context.Context, from *os.File) {
	defer close(b.messages)
	r := bufio.NewReader(from)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			return
		}
		select {
		case b.messages <- m:
		case <-ctx.Done():
			return
		}
	}
}

// call gives a command and puts its result into result, if that is not nil.
func (b *browser) call(method string, params map[string]any, result any) error {
	b.last++
	command := map[string]any{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return err
	}
	for m := range b.messages {
		if m.ID != b.last {
			b.note(m)
			continue
		}
		if m.Error != nil {
			return fmt.Errorf("%s: %s", method, m.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	}
	return fmt.Errorf("%s: the browser went away", method)
}

// note keeps what an event tells.
func (b *browser) note(m message) {
	switch m.Method {
	case "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Network.loadingFailed":
		b.complaints = append(b.complaints, m.Method+" "+string(m.Params))
	case "Page.loadEventFired":
		b.loaded = true
	}
}

// open shows a page in a new tab and waits until it has all of its parts.
func (b *browser) open(url string) error {
	var tab struct{ TargetID string }
	if err := b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &tab); err != nil {
		return err
	}
	var attached struct{ SessionID string }
	if err := b.call("Target.attachToTarget", map[string]any{"targetId": tab.TargetID, "flatten": true}, &attached); err != nil {
		return err
	}
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Log", "Runtime", "Network"} {
		if err := b.call(domain+".enable", nil, nil); err != nil {
			return err
		}
	}
	b.loaded = false
	if err := b.call("Page.navigate", map[string]any{"url": url}, nil); err != nil {
		return err
	}
	for m := range b.messages {
		if b.note(m); b.loaded {
			return nil
		}
	}
	return errors.New("the browser went away before the page was loaded")
}

// eval returns what a JavaScript expression gives in the page, as text.
func (b *browser) eval(expression string) (string, error) {
	var got struct{ Result struct{ Value any } }
	err := b.call("Runtime.evaluate", map[string]any{"expression": expression}, &got)
	return fmt.Sprint(got.Result.Value), err
}
