using System.Runtime.InteropServices;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies;

/// <summary>A stage that somebody exported from PyTorch (<c>torch.jit.script</c> or <c>trace</c>): one tensor in, one out.</summary>
/// <remarks>TorchSharp's script modules are not its <c>Module</c>s: this is one that holds one.</remarks>
public sealed class TorchScriptStage : Module<Tensor, Tensor>
{
    private readonly jit.ScriptModule<Tensor, Tensor> script;

    /// <param name="file">As <c>torch.jit.save</c> writes it.</param>
    /// <exception cref="PolicyException">It is missing or not TorchScript.</exception>
    public TorchScriptStage(string file)
        : base(nameof(TorchScriptStage))
    {
        script = TorchScriptFile.Load(file, () => jit.load<Tensor, Tensor>(file, CPU));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => script.call(input);
}

/// <summary>A fusion stage that somebody exported from PyTorch: vision and language features in, fused features out.</summary>
public sealed class TorchScriptFusion : Module<Tensor, Tensor, Tensor>
{
    private readonly jit.ScriptModule<Tensor, Tensor, Tensor> script;

    /// <inheritdoc cref="TorchScriptStage(string)"/>
    public TorchScriptFusion(string file)
        : base(nameof(TorchScriptFusion))
    {
        script = TorchScriptFile.Load(file, () => jit.load<Tensor, Tensor, Tensor>(file, CPU));
        RegisterComponents();
    }

    public override Tensor forward(Tensor vision, Tensor language) => script.call(vision, language);
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
