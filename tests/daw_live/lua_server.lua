-- Runs each line of standard input as Lua; answers on standard error: "\1ok RESULT" or "\1error MESSAGE".
-- Standard output has a buffer, which is lost where Ardour crashes.
for line in io.lines() do
	local chunk, result = load(line)
	local is_done = false
	if chunk then
		is_done, result = pcall(chunk)
	end
	io.stderr:write(is_done and "\1ok " or "\1error ", (tostring(result):gsub("\n", " ")), "\n")
end
quit()
