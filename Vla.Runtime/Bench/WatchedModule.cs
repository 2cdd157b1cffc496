using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Runtime.Bench;

/// <summary>A stage's module with somebody looking on: what goes in and comes out is the module's own.</summary>
/// <param name="module">Owned by this one.</param>
/// <param name="before">Called when work begins, on the stage's thread.</param>
/// <param name="after">Called with the result, which stays the module's.</param>
internal sealed class WatchedModule(Module<Tensor, Tensor> module, Action? before = null, Action<Tensor>? after = null)
    : Module<Tensor, Tensor>("watched")
{
    public override Tensor forward(Tensor input)
    {
        before?.Invoke();
        var output = module.call(input);
        after?.Invoke(output);
        return output;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            module.Dispose();
        base.Dispose(disposing);
    }
}
