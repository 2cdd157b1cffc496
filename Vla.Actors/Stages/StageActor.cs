using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Scheduling;

namespace Vla.Actors.Stages;

/// <summary>
/// One step of the pipeline: takes its upstream neighbour's newest result, works on it, gives its own to whoever
/// asked.
/// </summary>
/// <remarks>
/// <para>
/// Handles <see cref="Ready"/> from downstream and <typeparamref name="TInput"/> from upstream. Work begins when an
/// input is there, the module is loaded and somebody has asked. With <see cref="Ready.Ahead"/> the next input is asked
/// for when work begins, so that neighbours work at the same time; without, nothing runs ahead. A second input before
/// the first was used replaces it.
/// </para>
/// <para>
/// Several may ask. Those who ask for what is made from the same upstream neighbour get one result, each its own copy
/// (<see cref="ISharedResult"/>); where a result cannot be shared they get one after the other. Askers with upstream
/// neighbours of their own (<see cref="UpstreamOf"/>) each get the result of their own input, and a stage that can
/// works on several such inputs at once (<see cref="LargestBatch"/>).
/// </para>
/// <para>Here messages are only routed: what was asked is <see cref="DemandTable{TAsker}"/>'s, computing
/// <see cref="StageComputing"/>'s.</para>
/// </remarks>
/// <typeparam name="TInput">A message that hands over what it holds.</typeparam>
public abstract class StageActor<TInput> : TorchActor
    where TInput : class, IDisposable
{
    private readonly IActorRef _upstream;
    private readonly StageComputing _computing;
    private readonly List<Line> _lines = [];
    private long _inputs;
    private bool _isGathering;

    /// <summary>A stage that is fed by one neighbour.</summary>
    protected StageActor(StageSetup setup, IActorRef upstream)
        : base(setup)
    {
        _upstream = upstream;
        _computing = new StageComputing(setup);
        _lines.Add(new Line(upstream));
    }

    private protected override ThreadUse ThreadUse => ThreadUse.Shares;

    /// <summary>False while something other than the input is missing: then nothing is asked for.</summary>
    protected virtual bool CanWork => true;

    /// <summary>How many inputs, each of an upstream neighbour of its own, are worked on at once at most.</summary>
    protected virtual int LargestBatch => 1;

    /// <summary>
    /// Whose inputs an asker's results are made from; the upstream neighbour that this was made with, if not said.
    /// </summary>
    protected virtual IActorRef UpstreamOf(IActorRef asker) => _upstream;

    /// <summary>
    /// Called when work on an input begins: gives a newer one for one that has grown old while this stage worked on the
    /// one before.
    /// </summary>
    protected virtual TInput Newest(TInput input) => input;

    /// <summary>Asks for the next input when work on one begins.</summary>
    protected virtual void AskAhead(IActorRef upstream) => upstream.Tell(Ready.Continuous);

    /// <summary>Computes the result; runs in inference mode and in a dispose scope of its own.</summary>
    /// <param name="input">Disposed by the caller.</param>
    /// <param name="startedNs">When the work began, monotonic nanoseconds.</param>
    /// <returns>The message for downstream; its tensors detached from the dispose scope.</returns>
    protected abstract object Process(TInput input, long startedNs);

    /// <summary>
    /// As <see cref="Process"/>, for 2 inputs or more, up to <see cref="LargestBatch"/>; one by one if not said.
    /// </summary>
    /// <returns>A message for each input, in their order.</returns>
    protected virtual IReadOnlyList<object> ProcessBatch(IReadOnlyList<TInput> inputs, long startedNs) =>
        [.. inputs.Select(input => Process(input, startedNs))];

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException"><see cref="ProcessBatch"/> gave more or fewer results than there
    /// were inputs.</exception>
    protected override void Handle(object message)
    {
        switch (message)
        {
            case Ready ready:
                var asked = LineOf(UpstreamOf(Sender));
                if (asked.Demand.Ask(Sender, ready.Ahead) && !TryWork(asked))
                    AskUpstream(asked);
                break;

            case TInput input:
                if (LineFrom(Sender) is not { } line)
                    input.Dispose();
                else if (line.Arrived(input, ++_inputs))
                    TryWork(line);
                break;

            case Line given:
                given.Demand.Heard();
                break;

            case WorkNow:
                _isGathering = false;
                WorkOnBatch();
                break;

            case Terminated gone:
                Forget(gone.ActorRef);
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnLoaded() => GoOn();

    /// <summary>
    /// Something that was missing is there: works where that is possible, asks for inputs where they are wanted and not
    /// on their way already.
    /// </summary>
    protected void GoOn()
    {
        foreach (var line in _lines)
        {
            if (!TryWork(line) && !line.Demand.IsPassedOn)
                AskUpstream(line);
        }
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        foreach (var line in _lines)
            line.Dispose();
    }

    private void AskUpstream(Line line)
    {
        if (!line.Demand.IsWanted || !IsLoaded || !CanWork)
            return;
        line.Demand.PassedOn();
        line.Upstream.Tell(line.Demand.IsAhead ? Ready.Continuous : Ready.Once);
    }

    private bool TryWork(Line line)
    {
        if (!line.IsReady || !IsLoaded || !CanWork)
            return false;
        if (_lines.Count == 1)
            WorkOn(line);
        else
            Gather();
        return true;
    }

    private void WorkOn(Line line)
    {
        using var input = Begin(line);
        object result;
        using (_computing.Begin(WorkPlace, out var startedNs))
            result = Process(input, startedNs);
        Give(line, result);
    }

    /// <summary>Works behind all that waits in the mailbox: what came together is worked on together.</summary>
    private void Gather()
    {
        if (_isGathering)
            return;
        _isGathering = true;
        Self.Tell(WorkNow.Instance);
    }

    private void WorkOnBatch()
    {
        if (!IsLoaded || !CanWork)
            return;
        // Whoever has waited longest comes first.
        Line[] ready = [.. _lines.Where(line => line.IsReady)];
        Line[] batch = [.. ready.OrderBy(line => line.InputNumber).Take(Math.Max(1, LargestBatch))];
        if (batch.Length == 0)
            return;
        if (batch.Length < ready.Length)
            Gather();
        if (batch is [var only])
        {
            WorkOn(only);
            return;
        }

        TInput[] inputs = [.. batch.Select(Begin)];
        try
        {
            IReadOnlyList<object> results;
            using (_computing.Begin(WorkPlace, out var startedNs))
                results = ProcessBatch(inputs, startedNs);
            if (results.Count != batch.Length)
                throw new InvalidOperationException($"a batch of {batch.Length} inputs gave {results.Count} results");
            foreach (var (line, result) in batch.Zip(results))
                Give(line, result);
        }
        finally
        {
            foreach (var input in inputs)
                input.Dispose();
        }
    }

    /// <summary>The input that is to be worked on; the next one is asked for where that is wanted.</summary>
    private TInput Begin(Line line)
    {
        var waited = line.TakeInput();
        // Before the next is asked for, so that it is newer than this one.
        var input = Newest(waited);
        var isAhead = line.Demand.IsAhead;
        line.Answers = line.Demand.Take();
        if (!isAhead)
            return input;
        line.Demand.PassedOn();
        AskAhead(line.Upstream);
        return input;
    }

    private void Give(Line line, object result)
    {
        Setup.Monitor.CountProcessed();
        // Behind all that came while it worked, before all that is said in answer to the result.
        Self.Tell(line);
        // The others' copies first: whoever gets the result itself disposes it.
        for (var i = 1; i < line.Answers.Count; i++)
        {
            if (result is ISharedResult shared)
                line.Answers[i].Tell(shared.ForAnother());
            else if (result is not IDisposable)
                line.Answers[i].Tell(result);
            else
                line.Demand.PutBack(line.Answers[i]);
        }

        line.Answers[0].Tell(result);
        if (!line.Demand.IsPassedOn)
            AskUpstream(line);
    }

    private Line LineOf(IActorRef upstream)
    {
        foreach (var line in _lines)
        {
            if (line.Upstream.Equals(upstream))
                return line;
        }

        Context.Watch(upstream);
        var added = new Line(upstream);
        _lines.Add(added);
        return added;
    }

    /// <summary>Where an input belongs; with one upstream neighbour there is no need to look who sent it.</summary>
    private Line? LineFrom(IActorRef sender) =>
        _lines is [var only] ? only : _lines.Find(line => line.Upstream.Equals(sender));

    private void Forget(IActorRef upstream)
    {
        if (_lines.Find(line => line.Upstream.Equals(upstream) && !upstream.Equals(_upstream)) is not { } gone)
            return;
        _lines.Remove(gone);
        gone.Dispose();
    }

    /// <summary>
    /// One upstream neighbour with those who want what is made from its results; said to itself after each result.
    /// </summary>
    private sealed class Line(IActorRef upstream) : INoSerializationVerificationNeeded, IDisposable
    {
        private TInput? _input;

        public IActorRef Upstream { get; } = upstream;

        public DemandTable<IActorRef> Demand { get; } = new();

        /// <summary>Who gets the result that is being made.</summary>
        public IReadOnlyList<IActorRef> Answers { get; set; } = [];

        /// <summary>Which of all inputs waits here.</summary>
        public long InputNumber { get; private set; }

        public bool IsReady => _input is not null && Demand.IsWanted;

        /// <returns>Whether it was kept.</returns>
        public bool Arrived(TInput input, long number)
        {
            var isKept = Demand.Arrived();
            Dispose();
            (_input, InputNumber) = (input, number);
            if (!isKept)
                Dispose();
            return isKept;
        }

        public TInput TakeInput()
        {
            var input = _input!;
            _input = null;
            return input;
        }

        public void Dispose()
        {
            _input?.Dispose();
            _input = null;
        }
    }

    private sealed class WorkNow : INoSerializationVerificationNeeded
    {
        public static readonly WorkNow Instance = new();
    }
}
