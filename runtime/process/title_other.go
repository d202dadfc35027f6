//go:build unix && !linux

package process

// SetTitle changes nothing here.
func SetTitle(string) {}

// SetCommand changes nothing here.
func SetCommand(string) {}

// CommandName is not known here.
func CommandName() string { return "" }
