//go:build unix && !linux

package process

// roles are what the test binary plays in processes of its own.
var roles = map[string]func() int{"worker": playWorker}
