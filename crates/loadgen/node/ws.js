"use strict";

const http = require("node:http");
const { WebSocketServer } = require("ws");
const listen = require("./listening");

const rooms = new Map();
const server = http.createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

sockets.on("connection", (socket, request) => {
  const name = new URL(request.url, "http://localhost").searchParams.get("room");
  if (!rooms.has(name)) rooms.set(name, new Set());
  const room = rooms.get(name);
  room.add(socket);
  socket.on("message", (data) => {
    const text = data.toString();
    for (const other of room) {
      if (other !== socket) other.send(text);
    }
  });
  socket.on("close", () => room.delete(socket));
});

listen(server);
