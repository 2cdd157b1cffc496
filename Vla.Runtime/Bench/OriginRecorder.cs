using Vla.Actors.Pipeline;
using Vla.Actors.Robots;

namespace Vla.Runtime.Bench;

/// <summary>A robot that does nothing but note where each new action came from.</summary>
internal sealed class OriginRecorder : IActionOutput
{
    private readonly Lock _lock = new();
    private readonly List<Origin> _origins = new(4_096);
    private long _lastFrame;

    public string Name => "recorder";

    public bool Moves => false;

    public bool MayBlock => false;

    public void Apply(PublishedAction action)
    {
        if (action.State != ControlState.Policy || action.Origin.FrameSequence == _lastFrame)
            return;

        _lastFrame = action.Origin.FrameSequence;
        lock (_lock)
            _origins.Add(action.Origin);
    }

    /// <summary>What was noted since the last call, in order.</summary>
    public IReadOnlyList<Origin> Take()
    {
        lock (_lock)
        {
            Origin[] taken = [.. _origins];
            _origins.Clear();
            return taken;
        }
    }

    public void Dispose() { }
}
