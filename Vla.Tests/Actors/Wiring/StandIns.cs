using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Tests.Actors.Wiring;

/// <summary>Stand-ins for a policy's modules, simple enough to know their results by heart.</summary>
internal static class StandIns
{
    /// <summary>[1, 3, H, W] → [1, 2]: the mean of all values, twice.</summary>
    public static Module<Tensor, Tensor> MeanEncoder() => new Apply("mean", x => x.mean().expand(1, 2).contiguous());

    /// <summary>Any tensor times a factor.</summary>
    public static Module<Tensor, Tensor> Times(float factor) => new Apply("times", x => x * factor);

    /// <summary>Token ids [1, T] → [1, 2]: the first id, twice.</summary>
    public static Module<Tensor, Tensor> FirstToken() =>
        new Apply("first", x => x[0, 0].to(ScalarType.Float32).expand(1, 2).contiguous());

    public static Module<Tensor, Tensor, Tensor> Sum() => new Join((a, b) => a + b);

    /// <summary>Throws at every call for which <paramref name="fails"/> says so; else gives the input back.</summary>
    public static Module<Tensor, Tensor> Failing(Func<bool> fails) =>
        new Apply("failing", x => fails() ? throw new InvalidOperationException("stand-in failed") : x * 1);

    public static Module<Tensor, Tensor> Calling(Func<Tensor, Tensor> function) => new Apply("calling", function);

    private sealed class Apply(string name, Func<Tensor, Tensor> function) : Module<Tensor, Tensor>(name)
    {
        public override Tensor forward(Tensor input) => function(input);
    }

    private sealed class Join(Func<Tensor, Tensor, Tensor> function) : Module<Tensor, Tensor, Tensor>("join")
    {
        public override Tensor forward(Tensor a, Tensor b) => function(a, b);
    }
}
