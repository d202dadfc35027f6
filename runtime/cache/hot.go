package cache

// maxDescriptors is how many files of a zone are kept open.
const maxDescriptors = 64

// hotSet bounds what the nodes of a zone keep of their files.
type hotSet struct {
	limit       int64 // bytes of contents
	descriptors int
}

// drop forgets the image of a node: the new one is nil. The node's shard is locked.
func (h *hotSet) drop(n *node) *image {
	if n.image != nil {
		n.image.release()
	}
	return nil
}
