namespace Vla.Runtime.Bench;

/// <summary>Lets a stand-in camera go on only as fast as the pipeline uses its pictures.</summary>
/// <remarks>
/// A camera thread never waits for whoever takes its frames. One that could give thousands a second would prepare most
/// of them for nothing and take a core from inference, which no real camera does.
/// </remarks>
/// <param name="ahead">Pictures that may be captured before the first is used.</param>
internal sealed class PicturePace(int ahead) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(ahead);
    private readonly ManualResetEventSlim _running = new(true);
    private volatile bool _ended;

    /// <summary>Waits for the next turn; false when there will be none.</summary>
    public bool Wait()
    {
        _turns.Wait();
        _running.Wait();
        return !_ended;
    }

    /// <summary>A picture was used: one more may be captured.</summary>
    public void Next() => _turns.Release();

    public void Pause() => _running.Reset();

    public void Resume() => _running.Set();

    /// <summary>Lets a camera that waits go home.</summary>
    public void End()
    {
        _ended = true;
        _running.Set();
        _turns.Release();
    }

    public void Dispose()
    {
        _turns.Dispose();
        _running.Dispose();
    }
}
