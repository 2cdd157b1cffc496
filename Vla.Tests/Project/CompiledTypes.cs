using Mono.Cecil;

namespace Vla.Tests.Project;

/// <summary>Types as they stand in compiled code.</summary>
internal static class CompiledTypes
{
    /// <summary>These, and all that are nested in them.</summary>
    public static IEnumerable<TypeDefinition> WithNested(this IEnumerable<TypeDefinition> types) =>
        types.SelectMany(type => type.NestedTypes.WithNested().Prepend(type));

    /// <summary>The types that a type is made of.</summary>
    public static IEnumerable<TypeReference> Parts(this TypeReference type) =>
        type switch
        {
            GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
            TypeSpecification of => Parts(of.ElementType),
            GenericParameter => [],
            _ => [type],
        };

    /// <summary>The type that is nested in no other.</summary>
    public static TypeReference Outermost(this TypeReference type) => type.DeclaringType?.Outermost() ?? type;
}
