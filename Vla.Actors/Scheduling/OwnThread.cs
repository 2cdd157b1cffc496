using TorchSharp;

namespace Vla.Actors.Scheduling;

/// <summary>The place of an actor on a thread that runs nothing but such actors.</summary>
/// <remarks>
/// A scope belongs to the thread that made it. Such a thread keeps its own, and where the work has tidied up after
/// itself there is nothing to do: making and emptying scopes takes more memory than all the rest of a message.
/// </remarks>
internal class OwnThread : ActorPlace
{
    public sealed override DisposeScope OpenScope() => ThreadScope.Current;

    public sealed override void CloseScope(DisposeScope scope)
    {
        if (scope.DisposablesCount > 0)
            scope.DisposeEverything();
    }
}
