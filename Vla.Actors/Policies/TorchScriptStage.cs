using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>A stage that somebody exported from PyTorch (<c>torch.jit.script</c> or <c>trace</c>): one tensor in, one out.</summary>
/// <remarks>
/// TorchSharp's script modules are not its <c>Module</c>s, and one that is registered as a child cannot be disposed. So
/// this module keeps one beside it (in an array: a parent would register a plain field) and hands on what concerns its
/// weights.
/// </remarks>
public sealed class TorchScriptStage : Module<Tensor, Tensor>
{
    private readonly jit.ScriptModule<Tensor, Tensor>[] _script;

    /// <param name="file">As <c>torch.jit.save</c> writes it.</param>
    /// <param name="device">Where it computes; it stays there.</param>
    /// <exception cref="PolicyException">It is missing or not TorchScript.</exception>
    public TorchScriptStage(string file, Device device)
        : base(nameof(TorchScriptStage))
        => _script = [TorchScriptFile.Load(file, () => jit.load<Tensor, Tensor>(file, device))];

    public override Tensor forward(Tensor input) => _script[0].call(input);

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
        => _script[0].named_parameters(recurse);

    public override void train(bool train = true) => _script[0].train(train);

    public override void eval() => _script[0].eval();

    protected override Module _to(ScalarType dtype, bool non_blocking)
    {
        _script[0].to(dtype, non_blocking);
        return this;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _script[0].Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A fusion stage that somebody exported from PyTorch: vision and language features in, fused features out.</summary>
/// <inheritdoc cref="TorchScriptStage"/>
public sealed class TorchScriptFusion : Module<Tensor, Tensor, Tensor>
{
    private readonly jit.ScriptModule<Tensor, Tensor, Tensor>[] _script;

    /// <inheritdoc cref="TorchScriptStage(string, Device)"/>
    public TorchScriptFusion(string file, Device device)
        : base(nameof(TorchScriptFusion))
        => _script = [TorchScriptFile.Load(file, () => jit.load<Tensor, Tensor, Tensor>(file, device))];

    public override Tensor forward(Tensor vision, Tensor language) => _script[0].call(vision, language);

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
        => _script[0].named_parameters(recurse);

    public override void train(bool train = true) => _script[0].train(train);

    public override void eval() => _script[0].eval();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _script[0].Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Opens TorchScript files with errors that name the file.</summary>
internal static class TorchScriptFile
{
    public static TScript Load<TScript>(string file, Func<TScript> load)
        where TScript : jit.ScriptModule
    {
        if (!File.Exists(file)) throw new PolicyException($"{file}: does not exist; export the stage with torch.jit.save");
        try
        {
            return load();
        }
        catch (ExternalException e)
        {
            throw new PolicyException($"{file}: is not a TorchScript module that this Torch reads ({ErrorText.FirstLine(e.Message)})", e);
        }
    }
}
