package main

import (
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type native struct {
	kept       *ledger
	writing    sync.Mutex
	connection *websocket.Conn // nil while there is none in the room
}

func startNative(url string, kept *ledger) *native {
	client := &native{kept: kept}
	go func() {
		for {
			client.converse(strings.Replace(url, "http", "ws", 1) + "/ws")
			say("disconnected", nil)
			time.Sleep(200 * time.Millisecond)
		}
	}()
	return client
}

// converse holds one connection from its join to its end.
func (c *native) converse(url string) {
	dialer := websocket.Dialer{Subprotocols: []string{"chat.v1"}}
	connection, _, err := dialer.Dial(url, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	if connection.Subprotocol() != "chat.v1" {
		panic("the subprotocol was not chosen")
	}
	say("connected", nil)
	c.writing.Lock()
	c.connection = connection
	c.writing.Unlock()
	join := c.kept.join()
	for {
		join["type"], join["room"] = "join", "general"
		c.write(join)
		if join = c.listen(connection); join == nil {
			return
		}
	}
}

// listen handles frames until the next page has to be asked for, whose join it gives, or nil at the end.
func (c *native) listen(connection *websocket.Conn) fields {
	for {
		var frame map[string]any
		if connection.ReadJSON(&frame) != nil {
			return nil
		}
		switch frame["type"] {
		case "message":
			c.kept.received(frame, frame["text"], false)
		case "joined":
			for _, each := range frame["messages"].([]any) {
				message := each.(map[string]any)
				c.kept.received(message, message["text"], true)
			}
			if frame["more"] == true {
				return c.kept.join()
			}
			c.kept.resend(c)
		case "ack":
			c.kept.acknowledged(frame["id"].(string), frame["duplicate"])
		case "error":
			return nil // the next connection joins and sends again
		}
	}
}

func (c *native) write(frame fields) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.connection != nil {
		_ = c.connection.WriteJSON(frame) // what is lost with the connection is sent again by the next one
	}
}

func (c *native) send(id, text string) {
	c.write(fields{"type": "send", "id": id, "room": "general", "text": text})
}
