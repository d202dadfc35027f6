package main

import (
	"errors"
	"fmt"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// option is the value of an option that may be missing.
type option struct {
	text string
	set  bool
}

// or is the value, or other where the option was not given.
func (o option) or(other string) string {
	if o.set {
		return o.text
	}
	return other
}

// options are the command line.
type options struct {
	help, version, configure bool // -h, -v, -V; the first and the last imply version
	test, dump, quiet        bool // -t, -T (implies test), -q

	prefix   option // -p
	errorLog option // -e
	conf     option // -c
	param    option // -g
	signal   option // -s

	layout conf.Layout // what holds without them; not from the command line
}

// parseOptions reads arguments as nginx does: letters may be joined, the value of an option is the rest of its argument
// or the next one, and the last of several wins. Errors are nginx's.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "" || arg[0] != '-' {
			return nil, fmt.Errorf(`invalid option: "%s"`, arg)
		}
		for i := 1; i < len(arg); i++ {
			if o.letter(arg[i]) {
				continue
			}
			value, missing := o.valued(arg[i])
			if value == nil {
				return nil, fmt.Errorf(`invalid option: "%c"`, arg[i])
			}
			text := arg[i+1:]
			if text == "" {
				if len(args) == 0 {
					return nil, errors.New(missing)
				}
				text, args = args[0], args[1:]
			}
			*value = option{text, true}
			if err := o.checkSignal(); err != nil {
				return nil, err
			}
			break
		}
	}
	return o, nil
}

// letter takes an option without a value.
func (o *options) letter(c byte) bool {
	switch c {
	case '?', 'h':
		o.version, o.help = true, true
	case 'v':
		o.version = true
	case 'V':
		o.version, o.configure = true, true
	case 't':
		o.test = true
	case 'T':
		o.test, o.dump = true, true
	case 'q':
		o.quiet = true
	default:
		return false
	}
	return true
}

// valued is where the value of an option goes, nil for an unknown one, and the complaint about a missing value.
func (o *options) valued(c byte) (value *option, missing string) {
	switch c {
	case 'p':
		return &o.prefix, `option "-p" requires directory name`
	case 'e':
		return &o.errorLog, `option "-e" requires file name`
	case 'c':
		return &o.conf, `option "-c" requires file name`
	case 'g':
		return &o.param, `option "-g" requires parameter`
	case 's':
		return &o.signal, `option "-s" requires parameter`
	}
	return nil, ""
}

func (o *options) checkSignal() error {
	if !o.signal.set {
		return nil
	}
	if _, ok := process.SignalOf(o.signal.text); !ok {
		return fmt.Errorf(`invalid option: "-s %s"`, o.signal.text)
	}
	return nil
}
