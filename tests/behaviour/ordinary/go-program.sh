# Go: a module that is built, run, tested and vetted; each of its tools counts in ~/.config/go/telemetry how it was used
# needs: /usr/local/go/bin/go
# guards: kernel
# varies: */.config/go/telemetry/*
# slow: yes

set -e
export PATH=/usr/local/go/bin:$PATH GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
GOCACHE=$(mktemp -d); export GOCACHE
mkdir -p module; cd module
printf 'module example.org/hello\n\ngo 1.20\n' > go.mod
printf 'package main\n\nfunc Twice(n int) int { return 2 * n }\n\nfunc main() { println(Twice(21)) }\n' > main.go
printf 'package main\n\nimport "testing"\n\nfunc TestTwice(t *testing.T) {\n\tif Twice(2) != 4 {\n\t\tt.Fail()\n\t}\n}\n' > main_test.go
go version | cut -d' ' -f1-2; go env GOPROXY; go build -p 2 -o hello . ; ./hello 2>&1; go run . 2>&1; go vet .; gofmt -l .
go test . | cut -f1-2; rm -rf hello "$GOCACHE"
