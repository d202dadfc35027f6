package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/check"
)

// Exit codes of the sub-commands that look at configurations.
const (
	codeFound = 1 // something is wrong
	codeUsage = 2 // the command line is, or the files cannot be judged
)

// checkFiles is `sluice check`: it explains everything that is wrong with a configuration. It returns the exit code: 1
// with errors, and with -strict for warnings, too.
func checkFiles(args []string) int {
	var o options
	flags := subcommand("check", "[-json] [-strict] [-c file] [-p prefix] [-g directives] [file]")
	o.flags(flags)
	asJSON := flags.Bool("json", false, "print JSON, see docs/check.md")
	strict := flags.Bool("strict", false, "exit with 1 for warnings, too")
	if code, ok := parseFlags(flags, args); !ok {
		return code
	}
	opts, err := o.choose(flags.Args())
	if err != nil {
		fmt.Fprintf(os.Stderr, "sluice check: %s\n", err)
		return codeUsage
	}
	report := check.Run(opts)
	write := report.Text
	if *asJSON {
		write = report.JSON
	}
	if err := write(os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "sluice check: %s\n", err)
		return codeUsage
	}
	return report.Code(*strict)
}

// subcommand makes the flags of a sub-command with its usage line.
func subcommand(name, usage string) *flag.FlagSet {
	flags := flag.NewFlagSet("sluice "+name, flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = io.WriteString(flags.Output(), "usage: sluice "+name+" "+usage+"\n")
		flags.PrintDefaults()
	}
	return flags
}

// parseFlags reads the arguments of a sub-command. ok is false where it ends with code at once.
func parseFlags(flags *flag.FlagSet, args []string) (code int, ok bool) {
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, false
	case err != nil:
		return codeUsage, false
	}
	return 0, true
}

// flags binds nginx's options about which configuration to read.
func (o *options) flags(flags *flag.FlagSet) {
	bind := func(name, text string, value *option) {
		flags.Func(name, text, func(s string) error {
			*value = option{s, true}
			return nil
		})
	}
	bind("c", "configuration `file`", &o.conf)
	bind("p", "`prefix` path", &o.prefix)
	bind("g", "global `directives` out of configuration file", &o.param)
}

// choose works out which configuration is meant: that of a file named behind the options, which is looked for in the
// folder one is in, or else the one that sluice would run.
func (o *options) choose(files []string) (runtime.Options, error) {
	switch {
	case len(files) > 1:
		return runtime.Options{}, errors.New("one file at a time, the others are those that it includes")
	case len(files) == 1 && o.conf.set:
		return runtime.Options{}, errors.New("-c and a file exclude each other")
	case len(files) == 1:
		path, err := filepath.Abs(files[0])
		if err != nil {
			return runtime.Options{}, err
		}
		o.conf = option{path, true}
	}
	var err error
	if o.layout, err = installedLayout(); err != nil {
		return runtime.Options{}, err
	}
	opts := o.runtime()
	_, err = useBuiltIn(o, &opts)
	return opts, err
}
