// Package lint finds probable mistakes in a configuration that loads: the classes
// that gixy finds (path traversal, headers that are lost, request splitting, server
// side request forgery), and statements without effect. It is `sluice lint`; nginx has no counterpart.
//
//	in := runtime.Inspect(opts, nil)
//	for _, f := range lint.Run(in, lint.Default()) {
//		f.Show(os.Stdout, f.Message)
//	}
//
// A [Rule] inspects the blocks of the loaded configuration, with includes expanded and
// inherited values. Of each variable it can ask whether the client chooses the value,
// and whether that can contain a line feed. docs/lint.md is generated from the rules.
//
// A comment `# lint:ignore NAME` above a statement, or behind it, silences a
// rule for the statement and all that is inside of it.
//
// Not inspected: stream and mail, and the processing after an internal redirect.
package lint
