package runtime

// Undo takes back what the steps of a change have done, the last one first: sockets
// that were opened for it are closed, then what OnUndo has registered runs, then log
// files and whatever modules have made are closed. The current configuration keeps what
// it has. A change that was committed or undone before is left alone.
func (c *Change) Undo() {
	fns := c.undone
	c.undone, c.commits = nil, nil
	for i := len(fns) - 1; i >= 0; i-- {
		fns[i]()
	}
}

// undoLoad is the last part of Undo.
func (c *Change) undoLoad() {
	c.Config.Close()
	c.Config.resources.Drop()
}

// undoSockets closes what Open has opened.
func (c *Change) undoSockets() {
	for _, ln := range c.opened {
		_ = ln.Close() // it was never used
	}
	c.opened = nil
}
