package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/explain"
)

// explainRequest is `sluice explain`: it says what a configuration does with a request, without serving it. It returns
// the exit code: 1 when the configuration is broken, 2 when the command line is.
func explainRequest(args []string) int {
	var o options
	var q explain.Question
	flags := subcommand("explain", "[-json] [-all] [-X method] [-H 'Name: value']... [-from address] [-to address]\n"+
		"                      [-c file] [-p prefix] [-g directives] URL")
	o.flags(flags)
	flags.StringVar(&q.Method, "X", "GET", "`method` of the request")
	flags.Func("H", "header `field` of the request, 'Name: value'; may be repeated", func(s string) error {
		q.Headers = append(q.Headers, s)
		return nil
	})
	flags.StringVar(&q.From, "from", "127.0.0.1", "`address` of the client")
	flags.StringVar(&q.To, "to", "", "`address` it connects to, where the URL does not say: IP, IP:PORT or unix:PATH")
	flags.BoolVar(&q.All, "all", false, "list defaults and what does not fire, too")
	asJSON := flags.Bool("json", false, "print JSON, see docs/explain.md")
	var urls []string
	for rest := args; len(rest) > 0; {
		if code, ok := parseFlags(flags, rest); !ok {
			return code
		}
		if rest = flags.Args(); len(rest) > 0 { // options may follow the URL
			urls, rest = append(urls, rest[0]), rest[1:]
		}
	}
	if len(urls) != 1 {
		flags.Usage()
		return codeUsage
	}
	q.URL = urls[0]
	return answer(&o, &q, *asJSON)
}

// answer loads the configuration and prints what it does.
func answer(o *options, q *explain.Question, asJSON bool) int {
	o.signal = option{"none", true} // as for a signal, nothing is unpacked
	opts, err := o.choose(nil)
	if err != nil {
		fmt.Fprintf(os.Stderr, "sluice explain: %s\n", err)
		return codeUsage
	}
	x, err := explain.Load(opts)
	if err != nil {
		severity := conf.Emerg
		if p := (*runtime.Problem)(nil); errors.As(err, &p) {
			severity = p.Severity
		}
		fmt.Fprintf(os.Stderr, "nginx: [%s] %s\n", severity, err)
		return codeFound
	}
	report, err := x.Explain(q)
	if err != nil {
		fmt.Fprintf(os.Stderr, "sluice explain: %s\n", err)
		return codeUsage
	}
	write := report.WriteText
	if asJSON {
		write = report.WriteJSON
	}
	if err := write(os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "sluice explain: %s\n", err)
		return codeUsage
	}
	return 0
}
