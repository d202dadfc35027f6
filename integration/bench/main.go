// Bench measures what a request costs in CPU time under Sluice, nginx and HAProxy, side by side on the same tasks.
//
//	go run ./integration/bench [-only REGEXP] [-seconds N] [-rounds N] [-sluice PATH] [-nginx PATH]
//
// The figure is user and system time of all of a server's processes per request, from /proc, which holds still on a busy
// machine far better than requests per second do. The server has one processor, the load generator and the application
// behind the proxy have another. Rounds take turns between the servers, the median counts. A ratio above 1 says that Sluice
// is cheaper. HAProxy takes part where it has an answer: it serves no files. For echo a request is a message of 64 bytes over
// an upgraded connection, there and back.
//
// Needs Linux, wrk, taskset and nginx; haproxy if it is to take part. Everything is bounded: with the defaults a run takes
// about two minutes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

func main() {
	only := flag.String("only", "", "tasks whose name matches this `regexp`")
	seconds := flag.Int("seconds", 2, "length of one measurement")
	rounds := flag.Int("rounds", 1, "measurements of each server")
	sluice := flag.String("sluice", "", "`path` of the program; built if empty")
	nginx := flag.String("nginx", "", "`path` of nginx; from PATH if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *sluice, *nginx, time.Duration(*seconds)*time.Second, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, only, sluice, nginx string, length time.Duration, rounds int) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	for _, tool := range []string{"wrk", "taskset"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not installed: `apt-get install wrk util-linux` as root", tool)
		}
	}
	for variable, value := range map[string]string{"SLUICE_BINARY": sluice, "NGINX_BINARY": nginx} {
		if value != "" {
			if err := os.Setenv(variable, value); err != nil {
				return err
			}
		}
	}
	lab, err := harness.NewLab(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }()
	b, err := newBench(ctx, lab)
	if err != nil {
		return err
	}
	defer b.close()
	fmt.Printf("CPU microseconds per request; nginx %s, one processor for each server\n\n", lab.OracleVersion)
	fmt.Printf("%-20s %8s %8s %8s   %13s %15s\n", "task", "sluice", "nginx", "haproxy", "nginx/sluice", "haproxy/sluice")
	for _, task := range tasks {
		if !pattern.MatchString(task.name) {
			continue
		}
		if err := b.row(ctx, task, length, rounds); err != nil {
			return err
		}
	}
	return nil
}

// row measures one task and prints its line.
func (b *bench) row(ctx context.Context, task task, length time.Duration, rounds int) error {
	costs := make([][]float64, len(b.servers))
	var notes []string
	for range rounds {
		for i, s := range b.servers {
			if s.port(task) == 0 {
				continue
			}
			cost, err := b.measure(ctx, s, task, length)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				notes = append(notes, s.name+": "+err.Error())
				continue
			}
			costs[i] = append(costs[i], cost)
		}
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%-20s", task.name)
	for _, c := range costs {
		fmt.Fprintf(&line, " %8s", figure(median(c)))
	}
	fmt.Fprintf(&line, "   %13s %15s", ratio(costs[1], costs[0]), ratio(costs[2], costs[0]))
	for _, n := range slices.Compact(notes) {
		line.WriteString("  " + n)
	}
	fmt.Println(line.String())
	return nil
}

// median of the measurements; 0 if there is none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func figure(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", v)
}

func ratio(other, own []float64) string {
	if len(other) == 0 || len(own) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", median(other)/median(own))
}
