using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;
using Vla.Sensors;
using static TorchSharp.torch;

namespace Vla.Actors.Stages;

/// <summary>
/// One step of the pipeline: takes its upstream neighbour's newest result, works on it, gives its own to whoever
/// asked.
/// </summary>
/// <remarks>
/// <para>
/// Handles <see cref="Ready"/> from downstream and <typeparamref name="TInput"/> from upstream. Work begins when an
/// input is there, the module is loaded and somebody has asked. With <see cref="Ready.Ahead"/> the next input is asked
/// for when work begins, so that neighbours work at the same time; without, nothing runs ahead.
/// </para>
/// <para>
/// A second input before the first was used replaces it. <see cref="Ready"/> said again while it still waits is passed
/// on: whatever was lost in a restart, here or further up, is thereby asked for again. Said again while the stage was
/// only busy, it is answered by the result given since. So one demand is under way between two neighbours, and one
/// result: were there more, each would wait for the ones before it and be older by as much.
/// </para>
/// <para>
/// A stage that waits for a device begins with its next result a little before it is asked for (<see cref="Foresight"/>),
/// and still gives it only when it is.
/// </para>
/// <para>
/// Demand that was said again may all the same bring a second input. After <see cref="Ready.Once"/> it is let go: nobody
/// knows when the next result will be wanted, and the input would be as old as that is late.
/// </para>
/// </remarks>
/// <typeparam name="TInput">A message that hands over what it holds.</typeparam>
public abstract class StageActor<TInput>(StageSetup setup, IActorRef upstream) : TorchActor(setup)
    where TInput : class, IDisposable
{
    private readonly Foresight _foresight = new(setup);
    private IActorRef? _downstream;
    private Ready? _demand;
    private TInput? _input;
    private bool _asked;
    private IActorRef? _justAnswered;
    private bool _foreseen;
    private HomeThread.Follower? _follower;

    /// <summary>False while something other than the input is missing: then nothing is asked for.</summary>
    protected virtual bool CanWork => true;

    /// <summary>True for the stage on whose thread others run when they have little to do.</summary>
    protected virtual bool Leads => false;

    /// <summary>
    /// Called when work on an input begins: gives a newer one for one that has grown old while this stage worked on the
    /// one before.
    /// </summary>
    protected virtual TInput Newest(TInput input) => input;

    /// <summary>Asks for the next input when work on one begins.</summary>
    protected virtual void AskAhead(Ready demand) => upstream.Tell(demand);

    /// <summary>Computes the result; runs in inference mode and in a dispose scope of its own.</summary>
    /// <param name="input">Disposed by the caller.</param>
    /// <param name="startedNs">When the work began, monotonic nanoseconds.</param>
    /// <returns>The message for downstream; its tensors detached from the dispose scope.</returns>
    protected abstract object Process(TInput input, long startedNs);

    protected override void Handle(object message)
    {
        switch (message)
        {
            // Said before the result was given that it waits for.
            case Ready when Sender.Equals(_justAnswered):
                break;

            // Foreseen, and not begun with yet: now it has been said.
            case Ready ready when _foreseen && Sender.Equals(_downstream):
                _demand = ready;
                _foreseen = false;
                break;

            case Ready ready when _foresight.TakeKept() is { } result:
                _demand = ready;
                Give(result, Sender);
                break;

            case Ready ready:
                _foreseen = false;
                var again = _downstream is not null;
                _downstream = Sender;
                _demand = ready;
                if (!TryWork() && (again || !_asked)) AskUpstream();
                break;

            case TInput surplus when _downstream is null && _demand is { Ahead: false }:
                surplus.Dispose();
                _asked = false;
                break;

            case TInput input:
                _input?.Dispose();
                _input = input;
                _asked = false;
                TryWork();
                break;

            case ResultGiven:
                var answered = _justAnswered;
                _justAnswered = null;
                Foresee(answered);
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    protected override void OnLoaded()
    {
        if (!TryWork()) AskUpstream();
    }

    /// <summary>Asks for an input if there is somebody to work for.</summary>
    protected virtual void AskUpstream()
    {
        if (_downstream is null || !IsLoaded || !CanWork) return;
        _asked = true;
        upstream.Tell(_demand!.Ahead ? Ready.Continuous : Ready.Once);
    }

    /// <summary>Works if all that it takes is there.</summary>
    protected bool TryWork()
    {
        if (_downstream is not { } asker || _input is not { } waiting || !IsLoaded || !CanWork) return false;

        var foreseen = _foreseen;
        _foreseen = false;
        _downstream = null;
        _input = null;
        // Before the next is asked for, so that it is newer than this one.
        var input = Newest(waiting);
        if (_demand!.Ahead)
        {
            _asked = true;
            AskAhead(_foresight.Next(_demand));
        }

        var result = Compute(input);
        Setup.Monitor.CountProcessed();
        if (foreseen) _foresight.Keep(result);
        else Give(result, asker);
        return true;
    }

    private void Give(object result, IActorRef asker)
    {
        // Behind all that came while it worked, before all that is said in answer to the result.
        _justAnswered = asker;
        Self.Tell(ResultGiven.Instance);
        asker.Tell(result);
    }

    /// <summary>Takes the next demand as said where that is allowed; the result is kept until it really is.</summary>
    private void Foresee(IActorRef? answered)
    {
        if (answered is null || _downstream is not null || !_foresight.MayBegin(_demand!)) return;
        _downstream = answered;
        _foreseen = true;
        TryWork();
    }

    private object Compute(TInput input)
    {
        // A scope belongs to the thread that made it. A stage's thread keeps its own, and where the module has tidied up after
        // itself, it has nothing to do: making and emptying scopes takes more memory than all the rest of a message.
        var ownThread = (Context.Dispatcher as IOwnThread)?.Thread;
        var scope = ownThread is null ? NewDisposeScope() : StageThread.Scope;
        Setup.Monitor.Begin(StageMonitor.Forward);
        try
        {
            using (input)
            using (inference_mode())
            {
                var startedNs = Setup.Time.NowNs();
                _foresight.Begin(startedNs);
                var result = Process(input, startedNs);
                var finishedNs = Setup.Time.NowNs();
                _foresight.End(finishedNs);
                if (ownThread is not null) Place(ownThread, finishedNs - startedNs);
                return result;
            }
        }
        finally
        {
            Setup.Monitor.End();
            if (ownThread is null) scope.Dispose();
            else if (scope.DisposablesCount > 0) scope.DisposeEverything();
        }
    }

    private void Place(StageThread ownThread, long tookNs)
    {
        if (Setup.Home is not { } home) return;
        if (Leads) home.Lead(_foresight.Waits ? null : ownThread);
        else (_follower ??= new HomeThread.Follower(home, ownThread)).Worked(tookNs);
    }

    protected override void Release()
    {
        _input?.Dispose();
        _input = null;
        _foresight.Dispose();
        _follower?.Leave();
    }

    private sealed class ResultGiven : INoSerializationVerificationNeeded
    {
        public static readonly ResultGiven Instance = new();
    }
}
