package buf

import "testing"

func TestPoolLendsFullLength(t *testing.T) {
	p := NewPool(1024)
	b := p.Get()
	if len(b.B) != 1024 || b.Cap() != 1024 {
		t.Fatalf("len %d, cap %d", len(b.B), b.Cap())
	}
	b.B = b.B[10:20]
	b.Free()
	if b = p.Get(); len(b.B) != 1024 {
		t.Fatalf("after a resliced loan: len %d", len(b.B))
	}
	b.Free()
}

func TestSizedClasses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		n      int
		want   int
		pooled bool
	}{
		{"zero", 0, 512, true},
		{"smallest", 512, 512, true},
		{"one above", 513, 1024, true},
		{"exact power", 4096, 4096, true},
		{"between", 5000, 8192, true},
		{"largest", 65536, 65536, true},
		{"above the classes", 65537, 65537, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := Sized(tc.n)
			if len(b.B) != tc.want {
				t.Errorf("len %d, want %d", len(b.B), tc.want)
			}
			if pooled := b.home != nil; pooled != tc.pooled {
				t.Errorf("pooled %v, want %v", pooled, tc.pooled)
			}
			b.Free()
		})
	}
}

func TestDoubleFreePanics(t *testing.T) {
	for name, b := range map[string]*Buf{"pooled": NewPool(8).Get(), "unpooled": Sized(1 << 20)} {
		t.Run(name, func(t *testing.T) {
			b.Free()
			defer func() {
				if recover() == nil {
					t.Error("second Free went unnoticed")
				}
			}()
			b.Free()
		})
	}
}

func BenchmarkGetFree(b *testing.B) {
	p := NewPool(4096)
	b.ReportAllocs()
	for b.Loop() {
		p.Get().Free()
	}
}
