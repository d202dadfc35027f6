package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/lint"
)

// lintFiles is `sluice lint`: it looks for what is likely to be wrong in configurations that load. It returns the exit
// code: 1 with findings of the severity that -fail-on names or a higher one, 2 where a configuration does not load.
func lintFiles(args []string) int {
	var o options
	var mains, enable, disable []string
	failOn := lint.Low
	flags := subcommand("lint", "[-json] [-enable rules] [-disable rules] [-fail-on severity] [-c file ...] [-p prefix] [file ...]")
	o.flags(flags)
	names := func(list *[]string) func(string) error {
		return func(s string) error {
			*list = append(*list, strings.Split(s, ",")...)
			return nil
		}
	}
	flags.Func("enable", "look for these `rules`, too; \"all\" names all of them", names(&enable))
	flags.Func("disable", "do not look for these `rules`; -disable all -enable X looks for X alone", names(&disable))
	flags.Func("fail-on", "the lowest `severity` to exit with 1 for: info, low, medium, high or never (default low)", func(s string) (err error) {
		if s == "never" {
			failOn = lint.High + 1
			return nil
		}
		failOn, err = lint.ParseSeverity(s)
		return err
	})
	asJSON := flags.Bool("json", false, "print JSON, see docs/lint.md")
	explain := flags.String("explain", "", "tell about a `rule` and exit")
	flags.Lookup("c").Value = appendTo{&mains}
	if code, ok := parseFlags(flags, args); !ok {
		return code
	}
	if *explain != "" {
		return lintDone(lint.Explain(os.Stdout, *explain), 0)
	}
	rules, err := lint.Select(enable, disable)
	if err != nil {
		return lintDone(err, 0)
	}
	report, err := lintAll(&o, mains, flags.Args(), rules)
	if err != nil {
		return lintDone(err, 0)
	}
	for _, text := range report.Errors {
		fmt.Fprintf(os.Stderr, "sluice lint: %s\n", text)
	}
	write := report.Text
	if *asJSON {
		write = report.JSON
	}
	code := 0
	switch {
	case len(report.Errors) > 0:
		code = codeUsage
	case report.Worst() >= failOn:
		code = codeFound
	}
	return lintDone(write(os.Stdout), code)
}

// lintDone ends with code, or tells of an error.
func lintDone(err error, code int) int {
	if err != nil {
		fmt.Fprintf(os.Stderr, "sluice lint: %s\n", err)
		return codeUsage
	}
	return code
}

// lintAll looks into the configurations of -c and those named behind the options, or into the one that sluice would run.
func lintAll(o *options, mains, files []string, rules []*lint.Rule) (*lint.Report, error) {
	var chosen []runtime.Options
	choose := func(conf option, files []string) error {
		one := *o
		one.conf = conf
		opts, err := one.choose(files)
		chosen = append(chosen, opts)
		return err
	}
	for _, path := range mains {
		if err := choose(option{path, true}, nil); err != nil {
			return nil, err
		}
	}
	for _, path := range files {
		if err := choose(option{}, []string{path}); err != nil {
			return nil, err
		}
	}
	if len(chosen) == 0 {
		if err := choose(option{}, nil); err != nil {
			return nil, err
		}
	}
	report := &lint.Report{}
	for _, opts := range chosen {
		in := runtime.Inspect(opts, nil)
		report.Files = append(report.Files, opts.ConfPath)
		report.Errors = append(report.Errors, lint.Errors(in)...)
		report.Findings = append(report.Findings, lint.Run(in, rules)...)
	}
	return report, nil
}

// appendTo is the value of an option that may be given many times.
type appendTo struct{ list *[]string }

// String implements flag.Value.
func (a appendTo) String() string { return "" }

// Set implements flag.Value.
func (a appendTo) Set(s string) error {
	*a.list = append(*a.list, s)
	return nil
}
