// A chat client of zishang520/socket.io (polling, websocket, upgrade) and of gorilla/websocket (native): chat URL TRANSPORT.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

type fields map[string]any

// ledger keeps the messages that are not acknowledged yet, and the place up to which those of the room were received.
type ledger struct {
	sync.Mutex
	unacknowledged map[string]string
	epoch, seq     float64
	isBehind       bool // from a lost connection until its gap was read; pages alone move the place meanwhile
	seen           map[any]bool
}

// client is one of the two protocols. send is called with the ledger unlocked, also while there is no connection.
type client interface {
	send(id, text string)
}

var output sync.Mutex

func say(event string, more fields) {
	line := fields{"event": event}
	for name, value := range more {
		line[name] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(text))
}

// received tells of a message once, whether it came live, in a page, or both.
func (l *ledger) received(message map[string]any, text any, isInPage bool) {
	l.Lock()
	defer l.Unlock()
	epoch, seq := message["epoch"].(float64), message["seq"].(float64)
	isNewer := epoch > l.epoch || (epoch == l.epoch && seq > l.seq)
	if isNewer && (isInPage || !l.isBehind) {
		l.epoch, l.seq = epoch, seq
	}
	if l.seen[message["id"]] {
		return
	}
	l.seen[message["id"]] = true
	say("message", fields{"id": message["id"], "text": text})
}

// join has the fields of a join that continues where this client is.
func (l *ledger) join() fields {
	l.Lock()
	defer l.Unlock()
	if l.epoch == 0 {
		return fields{}
	}
	return fields{"since": fields{"epoch": l.epoch, "seq": l.seq}}
}

func (l *ledger) setBehind(isBehind bool) {
	l.Lock()
	defer l.Unlock()
	l.isBehind = isBehind && l.epoch > 0
}

func (l *ledger) acknowledged(id string, duplicate any) {
	l.Lock()
	defer l.Unlock()
	if _, waits := l.unacknowledged[id]; waits {
		delete(l.unacknowledged, id)
		say("ack", fields{"id": id, "duplicate": duplicate})
	}
}

// resend sends all that is not acknowledged, with its id.
func (l *ledger) resend(to client) {
	l.Lock()
	waiting := map[string]string{}
	for id, text := range l.unacknowledged {
		waiting[id] = text
	}
	l.Unlock()
	for id, text := range waiting {
		to.send(id, text)
	}
}

// later calls again after the time that a refusal names.
func later(refusal map[string]any, call func()) {
	wait, named := refusal["retry_after_ms"].(float64)
	if !named {
		wait = 200
	}
	time.AfterFunc(time.Duration(wait)*time.Millisecond, call)
}

func main() {
	kept := &ledger{unacknowledged: map[string]string{}, seen: map[any]bool{}}
	url, transport := os.Args[1], os.Args[2]
	var chat client
	if transport == "native" {
		chat = startNative(url, kept)
	} else {
		chat = startSocketIO(url, transport, kept)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var command struct{ ID, Text string }
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			panic(err)
		}
		kept.Lock()
		kept.unacknowledged[command.ID] = command.Text
		kept.Unlock()
		chat.send(command.ID, command.Text)
	}
}
