package ssi

import "testing"

// TestBlockOfALostFamily: the main request may go elsewhere while the document of a
// subrequest is within a block. What follows of the block is lost with what has been
// shared, and the document goes on behind it.
func TestBlockOfALostFamily(t *testing.T) {
	f := newFilter(hook{c: &settings{valueLen: 255}})
	f.common = new(shared)
	if err := f.block(&values{[]byte("a")}); err != nil {
		t.Fatal(err)
	}
	_ = f.text([]byte("begun"))
	if got := string(f.common.blocks[0].body); got != "begun" {
		t.Fatalf("the block is %q", got)
	}
	f.common = new(shared) // as Filter makes it
	f.parser.name = []byte("echo")
	for _, err := range []error{f.text([]byte("lost")), f.command(), f.endBlock(nil)} {
		if err != nil {
			t.Error(err)
		}
	}
	if len(f.common.blocks) != 0 || !f.output || f.inBlock {
		t.Errorf("%d blocks, output %v, within a block %v", len(f.common.blocks), f.output, f.inBlock)
	}
}
