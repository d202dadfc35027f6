// Package lint finds what is likely to be wrong in a configuration that loads:
// the classes that gixy finds (paths that can be left, headers that are lost,
// requests that can be split or sent where the client wants), and statements
// that do nothing. It is `sluice lint`; nginx has no counterpart.
//
//	in := runtime.Inspect(opts, nil)
//	for _, f := range lint.Run(in, lint.Default()) {
//		f.Show(os.Stdout, f.Message)
//	}
//
// A [Rule] looks at the blocks of the loaded configuration, includes expanded,
// and knows what a block inherits; of variables it knows whether the client
// chooses their value, and whether that can hold a line feed. docs/lint.md is
// made of the rules.
//
// A comment `# lint:ignore NAME` above a statement, or behind it, silences a
// rule for the statement and all that is inside of it.
//
// Not looked at: stream and mail, and what happens behind an internal redirect.
package lint
