using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>
/// A stage that somebody exported from PyTorch (<c>torch.jit.script</c> or <c>trace</c>): one tensor in, one out.
/// </summary>
/// <remarks>
/// TorchSharp's script modules are not its <c>Module</c>s, and one that is registered as a child cannot be disposed. So
/// this module keeps one beside it and hands on what concerns its weights.
/// </remarks>
internal sealed class TorchScriptStage : Module<Tensor, Tensor>
{
    // Held by something that is no module: a field of its own would be registered as a child sooner or later.
    private readonly StrongBox<jit.ScriptModule<Tensor, Tensor>> _held;
    private bool _disposed;

    /// <param name="file">As <c>torch.jit.save</c> writes it.</param>
    /// <param name="device">Where it computes; it stays there.</param>
    /// <exception cref="PolicyException">It is missing or not TorchScript.</exception>
    public TorchScriptStage(string file, Device device)
        : base(nameof(TorchScriptStage)) =>
        _held = new(TorchScriptFile.Load(file, () => jit.load<Tensor, Tensor>(file, device)));

    private jit.ScriptModule<Tensor, Tensor> Script => _held.Value!;

    /// <remarks>
    /// In float32 the module gets plain memory, as it had when it was exported: on channels-last tensors some of
    /// oneDNN's convolutions of 1 × 1 cells compute wrongly (<see cref="Layers.PointwiseConvolution"/>), and a module
    /// that is not ours may hold some. In bfloat16 it is plain memory that some come out wrong on
    /// (<see cref="InPrecision"/>).
    /// </remarks>
    public override Tensor forward(Tensor input)
    {
        if (input.dtype != ScalarType.Float32 || input.is_contiguous())
            return Script.call(input);
        using var plain = input.contiguous();
        return Script.call(plain);
    }

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        Script.named_parameters(recurse);

    public override void train(bool train = true) => Script.train(train);

    public override void eval() => Script.eval();

    protected override Module _to(ScalarType dtype, bool non_blocking)
    {
        Script.to(dtype, non_blocking);
        return this;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
            Script.Dispose();
        _disposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>
/// A fusion stage that somebody exported from PyTorch: vision and language features in, fused features out.
/// </summary>
/// <inheritdoc cref="TorchScriptStage"/>
internal sealed class TorchScriptFusion : Module<Tensor, Tensor, Tensor>
{
    private readonly StrongBox<jit.ScriptModule<Tensor, Tensor, Tensor>> _held;
    private bool _disposed;

    /// <inheritdoc cref="TorchScriptStage(string, Device)"/>
    public TorchScriptFusion(string file, Device device)
        : base(nameof(TorchScriptFusion)) =>
        _held = new(TorchScriptFile.Load(file, () => jit.load<Tensor, Tensor, Tensor>(file, device)));

    private jit.ScriptModule<Tensor, Tensor, Tensor> Script => _held.Value!;

    public override Tensor forward(Tensor vision, Tensor language) => Script.call(vision, language);

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        Script.named_parameters(recurse);

    public override void train(bool train = true) => Script.train(train);

    public override void eval() => Script.eval();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
            Script.Dispose();
        _disposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>Opens TorchScript files with errors that name the file.</summary>
internal static class TorchScriptFile
{
    public static TScript Load<TScript>(string file, Func<TScript> load)
        where TScript : jit.ScriptModule
    {
        if (!File.Exists(file))
            throw new PolicyException($"{file}: does not exist; export the stage with torch.jit.save");
        try
        {
            TorchScriptArchive.Check(file);
            return load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{file}: cannot be read ({ErrorText.FirstLine(e.Message)})", e);
        }
        catch (ExternalException e)
        {
            throw new PolicyException(
                $"{file}: is not a TorchScript module that this Torch reads ({ErrorText.FirstLine(e.Message)})",
                e
            );
        }
    }
}
