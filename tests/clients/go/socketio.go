package main

import (
	"github.com/zishang520/socket.io/clients/engine/v3/transports"
	"github.com/zishang520/socket.io/clients/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

type socketIO struct {
	kept   *ledger
	socket *socket.Socket
}

func startSocketIO(url, transport string, kept *ledger) *socketIO {
	options := socket.DefaultOptions()
	switch transport {
	case "polling":
		options.SetTransports(types.NewSet(transports.Polling))
	case "websocket":
		options.SetTransports(types.NewSet(transports.WebSocket))
	default:
		options.SetTransports(types.NewSet(transports.Polling, transports.WebSocket))
	}
	options.SetReconnectionDelay(100)
	options.SetReconnectionDelayMax(500)
	options.SetAutoConnect(false)
	connection, err := socket.Connect(url, options)
	if err != nil {
		panic(err)
	}
	client := &socketIO{kept: kept, socket: connection}
	must(connection.On("connect", func(...any) {
		kept.setBehind(!connection.Recovered())
		go client.onConnect()
	}))
	must(connection.On("disconnect", func(...any) { say("disconnected", nil) }))
	// The second argument is the place that clients with connection state recovery keep.
	must(connection.On("message", func(arguments ...any) {
		message := arguments[0].(map[string]any)
		kept.received(message, message["message"], false)
	}))
	connection.Connect()
	return client
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (c *socketIO) onConnect() {
	say("connected", nil)
	if !c.socket.Recovered() && len(c.kept.join()) > 0 {
		c.catchUp()
	}
	c.kept.resend(c)
}

// catchUp reads what was missed meanwhile, where the connection was not recovered.
func (c *socketIO) catchUp() {
	c.socket.EmitWithAck("join", c.kept.join())(func(arguments []any, err error) {
		if err != nil {
			return // the connection is lost again, and the next one catches up
		}
		page := arguments[0].(map[string]any)
		if page["code"] != nil {
			later(page, c.catchUp)
			return
		}
		for _, each := range page["messages"].([]any) {
			message := each.(map[string]any)
			c.kept.received(message, message["message"], true)
		}
		c.kept.setBehind(page["more"] == true)
		if page["more"] == true {
			c.catchUp()
		}
	})
}

func (c *socketIO) send(id, text string) {
	// What is emitted while it is not connected would be kept by the library too, and come twice.
	if !c.socket.Connected() {
		return
	}
	c.socket.EmitWithAck("event:message", fields{"id": id, "message": text})(func(arguments []any, err error) {
		if err != nil {
			return
		}
		answer := arguments[0].(map[string]any)
		if answer["code"] != nil {
			later(answer, func() { c.send(id, text) })
			return
		}
		c.kept.acknowledged(id, answer["duplicate"])
	})
}
