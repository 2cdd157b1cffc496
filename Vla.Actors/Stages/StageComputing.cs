using TorchSharp;
using Vla.Actors.Scheduling;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Stages;

/// <summary>
/// What is around each piece of a stage's work: inference mode, a scope that takes the tensors left behind, the
/// monitor, and a word to scheduling about how long it took.
/// </summary>
internal sealed class StageComputing(StageSetup setup)
{
    /// <summary>A piece of work begins on the calling thread; it ends when what is returned is disposed.</summary>
    /// <param name="place">Where it is done.</param>
    /// <param name="startedNs">When, monotonic nanoseconds.</param>
    public Piece Begin(ActorPlace place, out long startedNs)
    {
        var scope = place.OpenScope();
        setup.Monitor.Begin(StageMonitor.Forward);
        var mode = inference_mode();
        startedNs = setup.Time.NowNs();
        place.Begin(startedNs);
        return new Piece(setup, place, scope, mode);
    }

    /// <summary>A piece of work under way.</summary>
    public readonly struct Piece(StageSetup setup, ActorPlace place, DisposeScope scope, IDisposable mode) : IDisposable
    {
        public void Dispose()
        {
            place.End(setup.Time.NowNs());
            mode.Dispose();
            setup.Monitor.End();
            place.CloseScope(scope);
        }
    }
}
