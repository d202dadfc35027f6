package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/explain"
)

// repeated is an option that may be given several times.
type repeated []string

func (r *repeated) String() string { return fmt.Sprint(*r) }

// Set implements flag.Value.
func (r *repeated) Set(s string) error {
	*r = append(*r, s)
	return nil
}

// Set implements flag.Value: options of nginx in a command of our own.
func (o *option) Set(s string) error {
	*o = option{s, true}
	return nil
}

// String implements flag.Value.
func (o *option) String() string { return o.text }

// explainRequest is `sluice explain`: it says what a configuration does with a request, without serving it. It returns
// the exit code: 1 when the configuration is broken, 2 when the command line is.
func explainRequest(args []string) int {
	var o options
	var q explain.Question
	flags := flag.NewFlagSet("sluice explain", flag.ContinueOnError)
	flags.StringVar(&q.Method, "X", "", "the request's `METHOD` instead of GET")
	flags.Var((*repeated)(&q.Headers), "H", "a header `field` of the request, 'Name: value'; may repeat")
	flags.StringVar(&q.From, "from", "", "the client's `address` instead of 127.0.0.1")
	flags.StringVar(&q.To, "to", "", "the `address` it connects to, where the URL does not say: IP, IP:PORT or unix:PATH")
	flags.BoolVar(&q.All, "all", false, "list the defaults that are in effect, too")
	asJSON := flags.Bool("json", false, "write JSON")
	flags.Var(&o.conf, "c", "the configuration `file`")
	flags.Var(&o.prefix, "p", "the `prefix` of relative paths")
	flags.Var(&o.param, "g", "`directives` in front of the configuration file")
	flags.Usage = func() {
		_, _ = io.WriteString(flags.Output(), "usage: sluice explain [options] URL\n")
		flags.PrintDefaults()
	}
	var urls []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return 0
			}
			return 2
		}
		if args = flags.Args(); len(args) > 0 {
			urls, args = append(urls, args[0]), args[1:]
		}
	}
	if len(urls) != 1 {
		flags.Usage()
		return 2
	}
	q.URL = urls[0]
	return answerQuestion(&o, &q, *asJSON)
}

// answerQuestion loads the configuration and prints what it does.
func answerQuestion(o *options, q *explain.Question, asJSON bool) int {
	o.signal = option{"none", true} // nothing is unpacked
	opts := o.runtime()
	if _, err := useBuiltIn(o, &opts); err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [emerg] %s\n", err)
		return 1
	}
	x, err := explain.Load(opts)
	if err != nil {
		severity := conf.Emerg
		if p := (*runtime.Problem)(nil); errors.As(err, &p) {
			severity = p.Severity
		}
		fmt.Fprintf(os.Stderr, "nginx: [%s] %s\n", severity, err)
		return 1
	}
	report, err := x.Explain(q)
	if err != nil {
		fmt.Fprintf(os.Stderr, "sluice explain: %s\n", err)
		return 2
	}
	write := report.WriteText
	if asJSON {
		write = report.WriteJSON
	}
	if err := write(os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "sluice explain: %s\n", err)
		return 1
	}
	return 0
}
