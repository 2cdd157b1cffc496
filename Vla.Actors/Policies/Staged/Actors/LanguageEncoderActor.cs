using Akka.Actor;
using Vla.Actors.Pipeline;
using Vla.Actors.Stages;
using Vla.Sensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged.Actors;

/// <summary>
/// Turns an instruction into language features, once for each instruction: <see cref="InstructionChanged"/> in,
/// <see cref="LanguageEncoded"/> out.
/// </summary>
/// <remarks>
/// Demand here is <see cref="InstructionWanted"/>: it names the newest instruction that the asker has, so that asking
/// again after any failure brings exactly what is missing. The features are kept and a copy is handed over: whoever
/// lost them gets them again without another encoding.
/// </remarks>
public sealed class LanguageEncoderActor(
    StageSetup setup,
    Func<Module<Tensor, Tensor>> createEncoder,
    Func<string, Tensor> tokenize,
    Device device,
    IActorRef instructions
) : TorchActor(setup)
{
    private Module<Tensor, Tensor>? _encoder;
    private IActorRef? _asker;
    private InstructionWanted _wanted = new(0);
    private Instruction? _instruction;
    private Tensor? _features;
    private StepTrail _steps;

    /// <param name="setup">Name, clock, threads.</param>
    /// <param name="createEncoder">Makes the module; called after every start, on the stage's thread.</param>
    /// <param name="tokenize">Text to token ids [1, sequence], int64, on the CPU.</param>
    /// <param name="device">Where the module computes.</param>
    /// <param name="instructions">Upstream: is told <see cref="InstructionWanted"/>.</param>
    public static Props Props(
        StageSetup setup,
        Func<Module<Tensor, Tensor>> createEncoder,
        Func<string, Tensor> tokenize,
        Device device,
        IActorRef instructions
    ) => Akka.Actor.Props.Create(() => new LanguageEncoderActor(setup, createEncoder, tokenize, device, instructions));

    /// <inheritdoc/>
    protected override void Load() => _encoder = createEncoder();

    /// <inheritdoc/>
    protected override void OnLoaded() => EncodeOrAsk();

    /// <inheritdoc/>
    protected override void Handle(object message)
    {
        switch (message)
        {
            case InstructionWanted wanted:
                _asker = Sender;
                _wanted = wanted;
                EncodeOrAsk();
                break;

            case InstructionChanged changed:
                if (changed.Instruction != _instruction)
                    Forget();
                _instruction = changed.Instruction;
                EncodeOrAsk();
                break;

            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        Forget();
        _encoder?.Dispose();
    }

    private void Forget()
    {
        _features?.Dispose();
        _features = null;
    }

    private void EncodeOrAsk()
    {
        if (_asker is not { } asker || !IsLoaded)
            return;

        if (_instruction is not { } instruction || instruction.Number <= _wanted.After)
        {
            instructions.Tell(_wanted);
            return;
        }

        _asker = null;
        using (inference_mode())
        using (NewDisposeScope())
        {
            _features ??= WatchedEncode(instruction.Text);
            asker.Tell(new LanguageEncoded(_features.clone().DetachFromDisposeScope(), instruction) { Steps = _steps });
        }
    }

    private Tensor WatchedEncode(string text)
    {
        Setup.Monitor.Begin(StageMonitor.Forward);
        try
        {
            return Encode(text);
        }
        finally
        {
            Setup.Monitor.End();
        }
    }

    private Tensor Encode(string text)
    {
        var startedNs = Setup.Time.NowNs();
        var features = _encoder!.call(tokenize(text).to(device)).DetachFromDisposeScope();
        _steps = StepTrail.Of(StagedSteps.EncodeInstruction, startedNs, Setup.Time.NowNs());
        Setup.Monitor.CountProcessed();
        // Once for each instruction, so not only while somebody watches: whoever comes later sees them too.
        Setup.Monitor.Features.Look(features);
        return features;
    }
}
