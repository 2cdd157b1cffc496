using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>
/// Sees to it that the control loop goes on when an output called on the control thread does not come back.
/// </summary>
/// <param name="outputs">Those that are called there.</param>
/// <param name="replace">Lets another thread go on with the control loop.</param>
/// <param name="realTime">Whether the control thread asked for the real-time class: the watch must not wait for
/// it.</param>
internal sealed class ControlWatch(IReadOnlyList<DirectOutput> outputs, Action replace, bool realTime) : IDisposable
{
    private const int LookEveryMs = 20;

    private readonly ManualResetEventSlim _ends = new(false);

    /// <summary>Begins to watch, on a thread of its own; without an output to watch there is none.</summary>
    public void Start()
    {
        if (outputs.Count > 0)
            new Thread(Run) { Name = "vla-control-watch", IsBackground = true }.Start();
    }

    public void Dispose() => _ends.Set();

    private void Run()
    {
        ControlThreadPriority.Raise(realTime);
        while (!_ends.Wait(LookEveryMs))
        {
            foreach (var output in outputs)
            {
                if (output.MoveIfStuck())
                    replace();
            }
        }
    }
}
