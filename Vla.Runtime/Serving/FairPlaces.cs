namespace Vla.Runtime.Serving;

/// <summary>
/// So many places, and who waits for one: of the clients that wait each in its turn, however many of its requests do.
/// </summary>
/// <param name="most">Places.</param>
internal sealed class FairPlaces(int most)
{
    private readonly Lock _gate = new();

    // Whose turn it is stands first; each client's own requests in their order.
    private readonly LinkedList<Line> _turns = [];
    private readonly Dictionary<string, LinkedListNode<Line>> _lines = new(StringComparer.Ordinal);
    private int _free = most;

    /// <summary>Places that nobody has.</summary>
    public int Free
    {
        get
        {
            lock (_gate)
                return _free;
        }
    }

    /// <summary>A place now; never one that somebody waits for.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_free == 0)
                return false;
            _free--;
            return true;
        }
    }

    /// <summary>A place as soon as it is this client's turn; false where that is not within so long.</summary>
    public async Task<bool> TakeAsync(string client, TimeSpan wait, CancellationToken cancellation)
    {
        if (TryTake())
            return true;
        cancellation.ThrowIfCancellationRequested();
        var turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            // One may have become free since.
            if (_free > 0)
            {
                _free--;
                return true;
            }

            if (!_lines.TryGetValue(client, out var line))
                _lines[client] = line = _turns.AddLast(new Line(client));
            line.Value.Waiting.AddLast(turn);
        }

        try
        {
            return await turn.Task.WaitAsync(wait, cancellation);
        }
        catch (TimeoutException)
        {
            // Unless it got one at the same moment.
            return !Leave(client, turn);
        }
        catch (OperationCanceledException)
        {
            if (!Leave(client, turn))
                Release();
            throw;
        }
    }

    /// <summary>Gives a place back: to whose turn it is, or to nobody.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (_turns.First is not { } next)
            {
                _free++;
                return;
            }

            var turn = next.Value.Waiting.First!.Value;
            next.Value.Waiting.RemoveFirst();
            _turns.Remove(next);
            if (next.Value.Waiting.Count > 0)
                _turns.AddLast(next);
            else
                _lines.Remove(next.Value.Client);
            turn.SetResult(true);
        }
    }

    /// <returns>False where it has its place already.</returns>
    private bool Leave(string client, TaskCompletionSource<bool> turn)
    {
        lock (_gate)
        {
            if (!_lines.TryGetValue(client, out var line) || !line.Value.Waiting.Remove(turn))
                return false;
            if (line.Value.Waiting.Count > 0)
                return true;
            _turns.Remove(line);
            _lines.Remove(client);
            return true;
        }
    }

    private sealed record Line(string Client)
    {
        public LinkedList<TaskCompletionSource<bool>> Waiting { get; } = [];
    }
}
